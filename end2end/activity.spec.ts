// What happened to an account, as the person sees it.

import { register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('everything that was done to an account is listed', async ({ page }) => {
      await register(page);
      await page.goto('/account');
      await page.getByRole('link', { name: 'Activity' }).click();
      await expect(page).toHaveURL(/\/account\/activity$/);
      await expect(page.getByText('The account was created.')).toBeVisible();
      await expect(page.getByText('Logged in.')).toBeVisible();
      await expect(page.getByRole('listitem').filter({ hasText: 'The account was created.' })).toContainText('You, ');
      await expect(page.getByRole('navigation', { name: 'Pages' })).toHaveCount(0);
      await page.goto('/account/activity?before=1');
      await expect(page.getByText('Nothing before that.')).toBeVisible();
      await page.getByRole('link', { name: 'The newest' }).click();
      await expect(page.getByText('The account was created.')).toBeVisible();
    });
  });
}
