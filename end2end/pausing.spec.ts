// A subscription is set to pause when the paid time is over, and not after all.

import { buy, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('Pro is set to pause, and does not pause after all', async ({ page }) => {
      const email = await register(page);
      await buy(page, email);
      await page.goto('/account');
      await page.getByRole('link', { name: 'Pause', exact: true }).click();
      await expect(page.getByText(/^Pro stays yours until .*\. Then it pauses: nothing is charged/)).toBeVisible();
      await page.getByRole('button', { name: 'Pause Pro' }).click();
      await expect(page.getByRole('heading', { name: 'Pro will pause' })).toBeVisible();
      await page.getByRole('link', { name: 'To my account' }).click();
      await expect(page.getByText('Pausing', { exact: true })).toBeVisible();
      await page.getByRole('link', { name: 'Do not pause' }).click();
      await page.getByRole('button', { name: 'Keep Pro' }).click();
      await expect(page.getByRole('heading', { name: 'Pro stays' })).toBeVisible();
      await page.goto('/account');
      await expect(page.getByText('Active', { exact: true })).toBeVisible();
    });
  });
}
