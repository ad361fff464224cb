// The whole way of a buyer: account, price, payment, access, portal, end. The same with JavaScript off.

import { cards, choose, consent, freshEmail, granted, openPortal, pay, planCard, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('from the price to access, and out again', async ({ page, baseURL, wantStatus }) => {
      // The answer to a member whose plan does not open the page.
      wantStatus(403);
      const email = await register(page);

      await page.goto('/studio/sheet');
      await expect(page.getByRole('heading', { level: 1, name: 'A sheet of codes' })).toHaveCount(0);

      await choose(page);
      await consent(page);
      await pay(page, email, cards.paying);

      // Nobody reloads: the page gets there by itself, and its address holds no token of Polar's.
      await expect(granted(page)).toBeVisible({ timeout: 30_000 });
      await expect(page.getByRole('heading', { name: 'You have Pro' })).toBeVisible();
      expect(new URL(page.url()).origin).toBe(baseURL);
      expect(page.url()).not.toContain('customer_session_token');

      await page.goto('/studio/sheet');
      await expect(page.getByRole('heading', { level: 1, name: 'A sheet of codes' })).toBeVisible();
      await page.goto('/pricing');
      await expect(planCard(page, 'Pro').getByText('Your plan')).toBeVisible();

      await openPortal(page);
      await page.getByRole('button', { name: 'Cancel subscription' }).click();
      await page.waitForLoadState();
      await expect(async () => {
        await page.goto('/account');
        await expect(page.getByText(/Ends on \S+/)).toBeVisible({ timeout: 500 });
      }).toPass({ timeout: 30_000 });

      // Set to end is not ended: what was paid for stays open.
      await page.goto('/studio/sheet');
      await expect(page.getByRole('heading', { level: 1, name: 'A sheet of codes' })).toBeVisible();
    });
  });
}

test('a one-time plan is bought once and kept', async ({ page }) => {
  const email = await register(page);
  await choose(page, 'Lifetime');
  await consent(page);
  await pay(page, email);
  await expect(granted(page)).toBeVisible({ timeout: 30_000 });
  await page.goto('/buy?plan=lifetime');
  await expect(page.getByRole('button', { name: 'Continue to payment' })).toHaveCount(0);
});

test('a visitor who is not signed in comes back to the purchase', async ({ page }) => {
  const email = freshEmail();
  await page.goto('/pricing');
  await planCard(page, 'Pro').getByText('Start Pro').filter({ visible: true }).click();
  await expect(page).toHaveURL(/\/(login|register)\?next=/);
  const signUpLink = page.getByRole('main').getByRole('link', { name: /create (an )?account/i });
  if (new URL(page.url()).pathname === '/login') await signUpLink.click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('a long enough pass phrase');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page).toHaveURL(/\/buy\?plan=pro/);
});

test('the yearly price is what the yearly choice leads to', async ({ page }) => {
  await register(page);
  await page.goto('/pricing');
  await page.getByRole('radio', { name: 'Yearly' }).check();
  await planCard(page, 'Pro').getByText('Start Pro').filter({ visible: true }).click();
  await expect(page).toHaveURL(/interval=year/);
});
