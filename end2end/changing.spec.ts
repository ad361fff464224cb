// A subscription is let end when the paid time is over, and kept after all.

import { buy, newestMail, openPortal, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('Pro is cancelled, and kept after all', async ({ page, baseURL }) => {
      const email = await register(page);
      await buy(page, email);
      await page.goto('/account');
      await page.getByRole('link', { name: 'Cancel', exact: true }).click();
      await expect(page.getByText(/^Pro stays yours until .*\. After that it ends, and nothing more is charged but what you use beyond what is included\.$/)).toBeVisible();
      await page.getByLabel('Why, if you like to tell us').selectOption('It costs too much');
      await page.getByLabel('Anything else').fill('Until next year');
      await page.getByRole('button', { name: 'Cancel Pro' }).click();
      await expect(page).toHaveURL(/\/orders\/[0-9a-f-]+$/);
      await expect(page.getByRole('heading', { name: 'Pro is cancelled' })).toBeVisible();
      await newestMail(baseURL, email, 'Pro is cancelled');

      await page.getByRole('link', { name: 'To my account' }).click();
      await expect(page.getByText('Ending', { exact: true })).toBeVisible();
      await page.getByRole('link', { name: 'Keep it after all' }).click();
      await expect(page.getByText(/^Pro goes on: it renews on .* at \$12 per month, until you cancel\./)).toBeVisible();
      await page.getByRole('button', { name: 'Keep Pro' }).click();
      await expect(page.getByRole('heading', { name: 'Pro goes on' })).toBeVisible();

      await page.getByRole('link', { name: 'To my account' }).click();
      await expect(page.getByText('Active', { exact: true })).toBeVisible();
      await page.goto('/account/activity');
      await expect(page.getByText('A subscription that was to end was kept.')).toBeVisible();
      await openPortal(page);
      await expect(page.locator('body')).not.toContainText(/cancels on/i);
    });
  });
}
