// Leaving: first a copy of everything, then the end of the account while a subscription runs. The mails come through a mail
// server.

import { buy, freshEmail, linkInMail, logIn, newestMail, password, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a copy of all data is fetched once, by the link in the mail', async ({ page, baseURL }) => {
      const email = await register(page);
      await page.goto('/account');
      await page.getByRole('link', { name: 'A copy of my data' }).click();
      await page.getByRole('button', { name: 'Make a copy' }).click();
      await expect(page.getByRole('status')).toBeVisible();
      const link = await linkInMail(baseURL, email, 'Your data is ready');
      await page.goto(link);
      const fetched = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download my data' }).click();
      expect((await fetched).suggestedFilename()).toBe('my-data.zip');
      await page.goto(link);
      await expect(page.getByText('Your copy was fetched')).toBeVisible();
      await expect(page.getByRole('button', { name: 'Download my data' })).toHaveCount(0);
    });

    test('an account with a subscription is deleted, with a receipt', async ({ page, baseURL, wantStatus }) => {
      wantStatus(422);
      const email = await register(page, freshEmail('leaver'));
      await buy(page, email);
      await page.goto('/account');
      await page.getByRole('link', { name: 'Delete my account' }).click();
      await expect(page.getByText(/^Pro, \$12 per month\. Paid until/)).toBeVisible();
      await page.getByRole('checkbox').check();
      await page.getByLabel('Your password').fill('not the pass phrase');
      await page.getByRole('button', { name: 'Delete my account' }).click();
      await expect(page.getByText('This is not the password of the account.')).toBeVisible();
      await page.getByRole('checkbox').check();
      await page.getByLabel('Your password').fill(password);
      await page.getByRole('button', { name: 'Delete my account' }).click();
      await expect(page).toHaveURL(/\/account\/deleted$/);
      await expect(page.getByRole('heading', { name: 'Your account is being deleted' })).toBeVisible();

      expect(await newestMail(baseURL, email, 'Your account was deleted')).toContain('Ended at once: Pro.');
      await page.goto('/account');
      await expect(page).toHaveURL(/\/login/);
      await logIn(page, email);
      await expect(page.getByRole('alert')).toBeVisible();
    });
  });
}
