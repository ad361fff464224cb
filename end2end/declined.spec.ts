// A declined card is no dead end: it says so in words, costs nothing, and another card works at once.

import { cards, choose, consent, granted, pay, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a declined card ends in a clear retry', async ({ page }) => {
      const email = await register(page);
      await choose(page);
      await consent(page);
      await pay(page, email, cards.declined);
      await expect(page.getByText('Your card was declined.')).toBeVisible();

      await pay(page, email, cards.paying);
      await expect(granted(page)).toBeVisible({ timeout: 30_000 });
    });
  });
}

test('a declined card grants nothing', async ({ page, wantStatus }) => {
  wantStatus(403);
  const email = await register(page);
  await choose(page);
  await consent(page);
  await pay(page, email, cards.declined);
  await expect(page.getByText('Your card was declined.')).toBeVisible();
  await page.goto('/studio/sheet');
  await expect(page.getByRole('heading', { level: 1, name: 'A sheet of codes' })).toHaveCount(0);
});
