// What is seen a month later. Time moves for everybody who buys at the sandbox, so this comes after all other tests.

import { buy, moveClock, register } from './steps.mjs';
import { expect, test } from './watched';

const MONTH = 32 * 24 * 60 * 60 * 1000;

test('a new period begins, and what was used in the one before is still told', async ({ page, baseURL }) => {
  const email = await register(page);
  await buy(page, email);
  await expect(async () => {
    await page.goto('/studio');
    await expect(page.getByText(/^300 of 300 QR codes left until/)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 40_000 });
  for (const text of ['one', 'two']) {
    await page.getByLabel('What the code holds').fill(text);
    await page.getByRole('button', { name: 'Make the code' }).click();
    await expect(page.getByRole('img', { name: `QR code: ${text}` })).toBeVisible();
  }
  await page.goto('/usage');
  await expect(page.getByText(/^298 QR codes are left until/)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Earlier' })).toHaveCount(0);

  await moveClock(baseURL, MONTH);
  const past = page.getByRole('link', { name: /^\d+ \S+ \d{4} to \d+ \S+ \d{4}$/ });
  await expect(async () => {
    await page.goto('/usage');
    await expect(page.getByText(/^300 QR codes are left until/)).toBeVisible({ timeout: 1_000 });
    await expect(past).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await expect(page.getByText('2 of 300 QR codes used')).toBeVisible();
  const period = await past.innerText();
  await past.click();
  await expect(page.getByRole('heading', { name: `QR codes, ${period}` })).toBeVisible();
  await expect(page.getByText('2 of 300 QR codes used.')).toBeVisible();
  await expect(page.getByRole('img').first()).toBeVisible();
});
