// A subscription becomes another plan, at once or when the paid time is over, and the change is taken back.

import type { Page } from '@playwright/test';
import { bills, buy, cards, choose, consent, granted, newestMail, pay, register } from './steps.mjs';
import { expect, test } from './watched';

/** The estimate of what is charged today, in cents. */
async function quoted(page: Page) {
  const shown = await page.getByText(/^about \$/).innerText();
  return Math.round(Number(shown.match(/\$([0-9.]+)/)?.[1]) * 100);
}

/** Waits until the page says what Polar charged, and holds that and the estimate against the sandbox's bill. */
async function charged(page: Page, site: string, email: string, estimate: number) {
  const told = page.getByText(/Polar charged \$/);
  await expect(told).toBeVisible({ timeout: 40_000 });
  const total = Number((await told.innerText()).match(/Polar charged \$([0-9.]+)/)?.[1]);
  const bill = (await bills(site, email)).find((bill) => bill.billing_reason === 'subscription_update');
  expect(Math.round(total * 100)).toBe(bill?.total_amount);
  // The estimate is without tax, and the seconds since it was made are worth less than two cents.
  expect(Math.abs((bill?.net_amount ?? 0) - estimate)).toBeLessThanOrEqual(2);
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('Pro becomes Team at the price that was shown, and a step back waits and is taken back', async ({ page, baseURL }) => {
      const email = await register(page);
      await buy(page, email);
      await page.goto('/account');
      await page.getByRole('link', { name: 'Change plan' }).click();
      await expect(page.getByText('You have Pro. Nothing is charged and nothing changes before you agree.')).toBeVisible();
      const team = page.getByRole('listitem').filter({ hasText: 'Team, $39 per month' });
      await team.getByRole('link', { name: 'See what it would cost' }).click();
      await expect(page.getByRole('heading', { name: 'Pro becomes Team' })).toBeVisible();
      const estimate = await quoted(page);
      await page.getByRole('button', { name: 'Switch to Team, $39 per month' }).click();
      await expect(page).toHaveURL(/\/orders\/[0-9a-f-]+$/);
      await expect(page.getByRole('heading', { name: 'You have Team now' })).toBeVisible();
      await charged(page, baseURL ?? '', email, estimate);

      await page.goto('/subscription/change?plan=pro&interval=month');
      await expect(page.getByText(/^On .*, when the time you paid for is over$/)).toBeVisible();
      await page.getByRole('button', { name: 'Switch to Pro, $12 per month' }).click();
      await expect(page.getByRole('heading', { name: 'Pro is scheduled' })).toBeVisible();
      await page.getByRole('link', { name: 'Take it back' }).click();
      await page.getByRole('button', { name: 'Keep Team' }).click();
      await expect(page.getByRole('heading', { name: 'Team stays' })).toBeVisible();
      await page.goto('/account');
      await expect(page.getByText(/Changes to Pro/)).toHaveCount(0);
      await newestMail(baseURL, email, 'You have Team now');
    });

    test('a declined card keeps Pro', async ({ page }) => {
      const email = await register(page);
      await choose(page);
      await consent(page);
      await pay(page, email, cards.paysOnce);
      await granted(page).waitFor({ timeout: 30_000 });
      await page.goto('/buy?plan=team&interval=month');
      await page.getByRole('link', { name: 'Change my subscription' }).click();
      await page.getByRole('button', { name: 'Switch to Team, $39 per month' }).click();
      await expect(page.getByRole('heading', { name: 'Nothing was changed' })).toBeVisible();
      await expect(page.getByText('Your card was declined, so you keep what you have')).toBeVisible();
      await page.goto('/account');
      await expect(page.getByRole('heading', { name: /^Pro/ })).toBeVisible();
    });
  });
}

test('months become years, and years go back when they are over', async ({ page, baseURL }) => {
  const email = await register(page);
  await buy(page, email);
  await page.goto('/subscription/change?plan=pro&interval=year');
  const estimate = await quoted(page);
  await page.getByRole('button', { name: 'Switch to Pro, $120 per year' }).click();
  await expect(page.getByRole('heading', { name: 'You have Pro now' })).toBeVisible();
  await charged(page, baseURL ?? '', email, estimate);
  await page.goto('/subscription/change?plan=pro&interval=month');
  await page.getByRole('button', { name: 'Switch to Pro, $12 per month' }).click();
  await expect(page.getByRole('heading', { name: 'Pro is scheduled' })).toBeVisible();
});
