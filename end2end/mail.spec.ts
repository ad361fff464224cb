// Addresses and passwords, proved and changed by links from mails. The mails come through a mail server.

import { freshEmail, linkInMail, logIn, newestMail, password, register } from './steps.mjs';
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

    test('another link can be had, and an earlier one still works', async ({ page, baseURL }) => {
      const email = await register(page);
      const first = await linkInMail(baseURL, email, 'Confirm your e-mail address');
      await page.goto('/account/address');
      await page.getByRole('button', { name: 'Send the link again' }).click();
      await expect(page.getByRole('status')).toContainText('We have mailed you a link');
      await expect.poll(() => linkInMail(baseURL, email, 'Confirm your e-mail address')).not.toBe(first);
      await page.goto(first);
      await page.getByRole('button', { name: 'Confirm address' }).click();
      await expect(page.getByText('Confirmed', { exact: true })).toBeVisible();
    });

    test('another address is confirmed at the new one and told to the old one', async ({ page, baseURL }) => {
      const [old, other] = [await register(page), freshEmail('moved')];
      await page.goto('/account/address');
      await page.getByLabel('New e-mail address').fill(other);
      await page.getByRole('button', { name: 'Send the link', exact: true }).click();
      await expect(page.getByRole('status')).toContainText('to the new address');
      await expect(page.locator('main')).toContainText(old);

      await page.goto(await linkInMail(baseURL, other, 'Confirm your new e-mail address'));
      await page.getByRole('button', { name: 'Confirm address' }).click();
      await expect(page).toHaveURL(/\/account\/address$/);
      await expect(page.locator('main')).toContainText(other);
      await newestMail(baseURL, old, 'Your account has another e-mail address now');

      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/login');
      await logIn(page, other);
      await expect(page).toHaveURL(/\/account$/);
    });

    test('another password logs out everywhere else, and is told by mail', async ({ page, browser, baseURL }) => {
      const email = await register(page);
      const elsewhere = await browser.newContext({ baseURL, javaScriptEnabled });
      const other = await elsewhere.newPage();
      await other.goto('/login');
      await logIn(other, email);
      await expect(other).toHaveURL(/\/account$/);

      await page.goto('/account/password');
      await page.getByLabel('New password').fill('another long pass phrase');
      await page.getByRole('button', { name: 'Change password' }).click();
      await expect(page.getByRole('status')).toContainText('Your password was changed');
      await newestMail(baseURL, email, 'Your password was changed');
      await other.goto('/account');
      await expect(other).toHaveURL(/\/login/);
      await elsewhere.close();
    });
  });
}
