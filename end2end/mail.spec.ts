// Links from mails: an address is proved, a forgotten password replaced. The mails come through a mail server.

import { freshEmail, linkInMail, logIn, password, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('an address is proved by the button behind the link', async ({ page, baseURL }) => {
      const email = await register(page);
      await page.goto('/account');
      await page.getByRole('link', { name: 'E-mail address' }).click();
      await expect(page.getByText('Not confirmed')).toBeVisible();
      await page.goto(await linkInMail(baseURL, email, 'Confirm your e-mail address'));
      await expect(page.getByLabel('Password')).toHaveCount(0);
      await page.getByRole('button', { name: 'Confirm address' }).click();
      await expect(page).toHaveURL(/\/account\/address$/);
      await expect(page.getByText('Confirmed', { exact: true })).toBeVisible();
    });

    test('a forgotten password is replaced and the old one is worth nothing', async ({ page, baseURL, wantStatus }) => {
      wantStatus(422);
      const email = await register(page, freshEmail('bob'));
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/login');
      await page.getByRole('link', { name: 'I have forgotten my password' }).click();
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible();

      await page.goto(await linkInMail(baseURL, email, 'Choose another password'));
      await page.getByLabel('New password').fill('short');
      await page.getByRole('button', { name: 'Save and log in' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      await page.getByLabel('New password').fill('another long pass phrase');
      await page.getByRole('button', { name: 'Save and log in' }).click();
      await expect(page).toHaveURL(/\/account$/);

      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/login');
      await logIn(page, email, password);
      await expect(page.getByRole('alert')).toBeVisible();
      await logIn(page, email, 'another long pass phrase');
      await expect(page).toHaveURL(/\/account$/);
    });
  });
}
