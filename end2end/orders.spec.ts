// What was ordered and billed, with receipt and invoice; a bill that staff pays back, and a subscription that staff ends.

import { bills, buy, hire, newestMail, register } from './steps.mjs';
import { expect, test } from './watched';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a purchase, its bill, its receipt and its invoice are found from the account page', async ({ page, baseURL }) => {
      const email = await register(page);
      await page.goto('/orders');
      await expect(page.getByText('Nothing yet.')).toBeVisible();
      await buy(page, email);
      await page.goto('/account');
      await page.getByRole('link', { name: 'All orders and bills' }).click();
      const [bill] = await bills(baseURL, email);
      const total = `$${(bill.total_amount / 100).toFixed(2)}`.replace('.00', '');
      const line = page.getByRole('listitem').filter({ hasText: 'Pro, first payment' });
      await expect(line.getByText(total)).toBeVisible();
      for (const paper of ['Receipt', 'Invoice']) {
        await page.goto('/orders');
        await line.getByRole('link', { name: paper }).click();
        const open = page.getByRole('link', { name: `Open the ${paper.toLowerCase()}` });
        await expect(open).toBeVisible({ timeout: 20_000 });
        expect((await page.request.get((await open.getAttribute('href')) ?? '')).status()).toBe(200);
      }
      await page.goto('/orders');
      await page.getByRole('link', { name: 'Pro ordered' }).click();
      const happened = page.getByRole('region', { name: 'What happened' }).getByRole('listitem');
      await expect(happened.first()).toContainText('You ordered Pro.');
      await expect(happened.last()).toContainText(`Polar billed ${total}`);
    });

    test('staff pays a part back, then ends the subscription, and the customer is told', async ({ page, browser, baseURL, wantStatus }) => {
      wantStatus(403);
      const email = await register(page);
      await buy(page, email);
      const desk = await (await browser.newContext({ baseURL, javaScriptEnabled })).newPage();
      const staff = await register(desk);
      hire(baseURL, staff);
      await desk.goto(`/staff?who=${encodeURIComponent(email)}`);
      await desk.getByRole('link', { name: email }).click();
      await desk.getByRole('link', { name: 'Pay back' }).click();
      await expect(desk.getByRole('heading', { name: '$12 can be paid back' })).toBeVisible();

      await desk.getByLabel('How much, without tax').fill('100');
      await desk.getByLabel('Why').fill('It was slow');
      await desk.getByRole('button', { name: 'Pay it back' }).click();
      await expect(desk.getByText('Please write an amount above zero and at most $12')).toBeVisible();
      await expect(desk.getByLabel('Why')).toHaveValue('It was slow');
      await desk.getByLabel('How much, without tax').fill('5');
      await desk.getByRole('button', { name: 'Pay it back' }).click();
      await expect(desk.getByRole('heading', { name: '$7 can be paid back' })).toBeVisible();
      await expect(desk.getByRole('cell', { name: /^\$5 paid back/ })).toBeVisible();
      expect((await bills(baseURL, email))[0].refunded_amount).toBe(500);

      await desk.getByRole('link', { name: 'End it at once' }).click();
      await desk.getByLabel('Why').fill('Abuse');
      await desk.getByRole('button', { name: 'End it now' }).click();
      await expect(desk.getByRole('cell', { name: 'ended at once' })).toBeVisible();
      await expect(desk.getByRole('row').filter({ hasText: 'ended at once' }).getByText('done')).toBeVisible();
      await newestMail(baseURL, email, 'Paid back: $5');
      await page.goto('/studio/sheet');
      await expect(page.getByRole('link', { name: /^Start Pro/ })).toBeVisible();
    });
  });
}
