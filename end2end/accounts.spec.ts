// Forms that can be mended: the message is beside its field, what was typed is kept, the password never.

import { freshEmail, logIn, password, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a wrong password can be mended, and leads to where the visitor was going', async ({ page, wantStatus }) => {
      wantStatus(422);
      const email = await register(page);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/account');
      await expect(page).toHaveURL(/\/login\?next=(\/|%2F)account$/);

      const answer = page.waitForResponse((response) => response.request().method() === 'POST');
      await logIn(page, email, 'not the pass phrase');
      expect((await answer).status()).toBe(422);
      await expect(page).toHaveURL(/\/login\?next=(\/|%2F)account$/);
      await expect(page.getByRole('alert')).toBeVisible();
      await expect(page.getByLabel('E-mail')).toHaveValue(email);
      await expect(page.getByLabel('Password')).toHaveValue('');
      const described = await page.getByLabel('Password').getAttribute('aria-describedby');
      await expect(page.locator(`[id="${described?.split(' ').at(-1)}"]`)).toBeVisible();

      await logIn(page, email);
      await expect(page).toHaveURL(/\/account$/);
    });

    test('an address that is taken is refused beside its field', async ({ page, wantStatus }) => {
      wantStatus(422);
      const email = await register(page);
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.goto('/register');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill('another long pass phrase');
      await page.getByRole('button', { name: 'Create account' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      await expect(page.getByLabel('E-mail')).toHaveValue(email);
      await expect(page.getByLabel('Password')).toHaveValue('');

      // Who has the account and its password has only forgotten that it is there.
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Create account' }).click();
      await expect(page).toHaveURL(/\/pricing$/);
      await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
    });
  });
}

test('the way back leads only to a path of ours', async ({ page, baseURL }) => {
  const email = await register(page);
  for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/account%0d%0aX: y']) {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await logIn(page, email);
    await expect(page.getByRole('button', { name: 'Log out' })).toBeVisible();
    expect(new URL(page.url()).origin).toBe(baseURL);
  }
});

test('after logging out the account is closed, also by the back button', async ({ page }) => {
  await register(page, freshEmail('bob'));
  await page.goto('/account');
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page.getByRole('button', { name: 'Log out' })).toHaveCount(0);
  await page.goto('/account');
  await expect(page).toHaveURL(/\/login/);
});
