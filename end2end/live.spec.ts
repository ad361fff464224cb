// Open pages follow a change of access by themselves, by events and, where those fail, by asking.

import { buy, register } from './steps.mjs';
import { expect, test } from './watched';

for (const events of [true, false]) {
  test(`an open account page follows a purchase ${events ? 'by events' : 'by asking'}`, async ({ page, context }) => {
    const email = await register(page);
    if (!events) await page.addInitScript(() => Reflect.deleteProperty(window, 'EventSource'));
    await page.goto('/account');
    await expect(page.locator('.lead', { hasText: 'Free' })).toBeVisible();
    const other = await context.newPage();
    await buy(other, email);
    await expect(page.locator('.lead', { hasText: 'Pro' })).toBeVisible({ timeout: 40_000 });
  });
}
