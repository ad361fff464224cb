// Where somebody is logged in, passwords that cannot be chosen, and when the present one is asked for.

import { freshEmail, logIn, newestMail, password, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a log-in elsewhere is seen and ended', async ({ page, browser, baseURL }) => {
      const email = await register(page);
      const elsewhere = await browser.newContext({
        baseURL,
        javaScriptEnabled,
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      });
      const other = await elsewhere.newPage();
      await other.goto('/login');
      await logIn(other, email);
      await expect(other).toHaveURL(/\/account$/);
      expect(await newestMail(baseURL, email, 'New log-in')).toContain('a browser that was not used before');

      await page.goto('/account');
      await page.getByRole('link', { name: 'Where you are logged in' }).click();
      await expect(page.getByRole('listitem').filter({ hasText: 'This one' })).toContainText('Chrome on Linux');
      await page.getByRole('button', { name: 'Log out of Firefox on Linux' }).click();
      await expect(page.getByRole('status')).toHaveText('You are logged in here alone.');
      await expect(page.getByText('Firefox on Linux')).toHaveCount(0);
      await other.goto('/account');
      await expect(other).toHaveURL(/\/login/);

      await logIn(other, email);
      await page.reload();
      await page.getByRole('button', { name: 'Log out everywhere else' }).click();
      await expect(page.getByRole('button', { name: 'Log out everywhere else' })).toHaveCount(0);
      await other.goto('/account');
      await expect(other).toHaveURL(/\/login/);
      await elsewhere.close();
    });

    test('a common password is refused beside its field', async ({ page, wantStatus }) => {
      wantStatus(422);
      const email = freshEmail();
      await page.goto('/register');
      for (const common of ['password123', email]) {
        await page.getByLabel('E-mail').fill(email);
        await page.getByLabel('Password').fill(common);
        await page.getByRole('button', { name: 'Create account' }).click();
        await expect(page.getByRole('alert')).toContainText('one of those that are tried first');
        await expect(page.getByLabel('Password')).toHaveAttribute('aria-describedby', /password-error/);
        await expect(page.getByLabel('Password')).toHaveValue('');
      }
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Create account' }).click();
      await expect(page).toHaveURL(/\/pricing$/);
    });

    test('guessing a password is slowed down, with the time to wait', async ({ page, wantStatus }) => {
      wantStatus(422);
      wantStatus(429);
      const email = freshEmail();
      await page.goto('/login');
      for (let attempt = 0; attempt < 12; attempt += 1) {
        await logIn(page, email, `not the pass phrase ${attempt}`);
        await expect(page.getByLabel('E-mail')).toHaveValue(email);
        if (await page.getByRole('alert').filter({ hasText: 'That was tried too often' }).count()) break;
      }
      await expect(page.getByRole('alert')).toContainText(/tried too often\. Please wait .+ and try again/);
    });

    test('whoever has just logged in need not type the password again', async ({ page, wantStatus }) => {
      wantStatus(422);
      const email = await register(page);
      await page.goto('/account/password');
      await expect(page.getByLabel('Your present password')).toHaveCount(0);
      await page.getByLabel('New password').fill('qwertyuiop1');
      await page.getByRole('button', { name: 'Change password' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      await page.getByLabel('New password').fill('another long pass phrase');
      await page.getByRole('button', { name: 'Change password' }).click();
      await expect(page.getByRole('status')).toContainText('Your password was changed.');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/login');
      await logIn(page, email, 'another long pass phrase');
      await expect(page).toHaveURL(/\/account$/);
    });
  });
}
