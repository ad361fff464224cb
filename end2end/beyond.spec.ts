// Further than a plan includes: it stops, a limit is set, and it goes on as far as that.

import { buy, register } from './steps.mjs';
import { expect, test } from './watched';

const SHEET = 20;
const INCLUDED = 300;

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('what is included is used up, and more is paid as far as one allows', async ({ page, wantStatus }) => {
      test.slow(); // fifteen sheets
      wantStatus(422);
      const email = await register(page);
      await page.goto('/pricing');
      await expect(page.getByText('More QR codes than are included: $0.04 each').first()).toBeAttached();
      await buy(page, email);
      await expect(async () => {
        await page.goto('/studio/sheet');
        await expect(page.getByText(/^300 of 300 QR codes left until/)).toBeVisible({ timeout: 1_000 });
      }).toPass({ timeout: 40_000 });
      const texts = Array.from({ length: SHEET }, (_, number) => `code ${number}`).join('\n');
      for (let made = 0; made < INCLUDED; made += SHEET) {
        await page.getByLabel('What the codes hold').fill(texts);
        await page.getByRole('button', { name: 'Make the sheet' }).click();
        await expect(page.getByRole('img', { name: /^QR code: / })).toHaveCount(SHEET);
        if (made + SHEET < INCLUDED) {
          await page.goto('/studio/sheet');
        }
      }

      await page.goto('/studio');
      await expect(page.getByText('each QR code more costs $0.04, as far as you allow.')).toBeVisible();
      await page.getByRole('link', { name: 'Set a spending limit' }).click();
      await expect(page.getByText('You have set no spending limit')).toBeVisible();
      const amount = page.getByLabel('At most, in each period');
      const save = page.getByRole('button', { name: 'Save the limit' });
      await amount.fill('a little');
      await save.click();
      await expect(page.getByText('Write an amount like 5 or 12.50')).toBeVisible();
      await expect(amount).toHaveValue('a little');
      await amount.fill('0.10');
      await save.click();
      await expect(page.getByText('Your spending limit is $0.10 in each period: 2 QR codes more.')).toBeVisible();

      for (const left of [1, 0]) {
        await page.goto('/studio');
        await page.getByLabel('What the code holds').fill(`beyond, ${left} left`);
        await page.getByRole('button', { name: 'Make the code' }).click();
        await expect(page.getByRole('img', { name: `QR code: beyond, ${left} left` })).toBeVisible();
      }
      await expect(page.getByText('your spending limit is reached')).toBeVisible();
      await expect(page.getByRole('button', { name: 'Make the code' })).toHaveCount(0);
      await page.goto('/usage');
      await expect(page.getByText('2 QR codes beyond what is included so far: $0.08, tax apart, on the bill of')).toBeVisible();
    });
  });
}
