// node look.mjs FOLDER: screenshots of every page, light and dark, 390 and 1280 pixels wide, before signing in, on the way
// through a purchase (it registers and buys by itself) and after it. BASE names the site, CHROMIUM the browser.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import * as steps from './steps.mjs';

const folder = process.argv[2];
if (!folder) throw new Error('usage: node look.mjs FOLDER');
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
});
const context = await browser.newContext({ baseURL: process.env.BASE ?? 'http://127.0.0.1:3000' });
const page = await context.newPage();
let count = 0;

/** The page as it is now, four times. */
async function shoot(name) {
  count += 1;
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [390, 1280]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 800 });
      const file = `${String(count).padStart(2, '0')}-${name}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true });
    }
  }
  console.log(name, page.url());
}

async function open(path, name) {
  await page.goto(path);
  await shoot(name);
}

await open('/', 'home');
await open('/pricing', 'pricing');
await page.getByRole('radio', { name: 'Yearly' }).check();
await shoot('pricing-yearly');
await open('/register', 'register');
await open('/login?next=/account', 'login');
await steps.logIn(page, 'nobody@boreal-shop.dev', 'not the pass phrase');
await page.getByRole('alert').waitFor();
await shoot('login-refused');
await open('/reset', 'reset');
await open('/reset?sent=yes', 'reset-sent');
await open('/verify?key=none', 'link-spent');
await open('/no-such-page', 'not-found');
await open('/studio', 'studio-anonymous'); // the studio

const email = await steps.register(page);
await open('/account', 'account-free');
await open('/account/address', 'address');
await open('/account/password', 'password');
await open('/account/sessions', 'sessions');
await open('/account/export', 'export');
await open('/account/delete', 'delete-free');
await open(await steps.linkInMail(new URL(page.url()).origin, email, 'Confirm your'), 'verify');
await page.getByRole('button', { name: 'Confirm address' }).click();
await page.getByText('Confirmed', { exact: true }).waitFor();
await shoot('address-confirmed');
await open('/dev/mail', 'dev-mail');
// the studio: begin
await open('/studio/sheet', 'studio-closed');
await open('/studio', 'studio-empty');
for (const text of ['https://boreal-shop.dev/', 'WIFI:T:WPA;S:Cabin;P:northern light;;', 'Grüße aus dem Norden']) {
  await page.getByLabel('What the code holds').fill(text);
  await page.getByRole('button', { name: 'Make the code' }).click();
  await page.getByRole('img', { name: text }).waitFor();
}
await shoot('studio-used-up');
// the studio: end
await open('/usage', 'usage-free');
await open('/confirmation', 'confirmation-none');
await steps.choose(page);
await shoot('buy');
await steps.consent(page);
await shoot('payment');
await steps.pay(page, email, steps.cards.declined);
await page.getByText('Your card was declined.').waitFor();
await shoot('payment-declined');
await steps.pay(page, email);
await page.waitForURL('**/confirmation**');
await shoot('confirmation-under-way');
await steps.granted(page).waitFor({ timeout: 30_000 });
await shoot('confirmation');
await open('/pricing', 'pricing-member');
await open('/account', 'account-pro');
// the studio: begin
await open('/studio', 'studio');
await page.getByLabel('What the code holds').fill(`a\u200b${'long '.repeat(40)}`);
await page.getByRole('button', { name: 'Make the code' }).click();
await page.getByRole('alert').waitFor();
await shoot('studio-refused');
await page.goto('/studio/sheet');
await page.getByLabel('What the codes hold').fill('Chair 1\nChair 2\nTable\nhttps://boreal-shop.dev/lamp');
await page.getByRole('button', { name: 'Make the sheet' }).click();
await page.getByRole('img', { name: 'Chair 1' }).waitFor();
await shoot('studio-sheet');
// the studio: end
await open('/usage', 'usage');
await open('/usage/limit?meter=codes', 'usage-limit');
await open('/buy?plan=pro&interval=year', 'buy-again');
await open('/subscription/change', 'change-choices');
await open('/subscription/change?plan=team&interval=month', 'change-upgrade');
await page.getByRole('button', { name: 'Switch to Team' }).click();
await page.waitForURL('**/orders/**');
await page.getByText('Polar charged').waitFor();
await shoot('changed');
await open('/subscription/change?plan=pro&interval=month', 'change-downgrade');
await page.getByRole('button', { name: 'Switch to Pro' }).click();
await page.waitForURL('**/orders/**');
await shoot('change-scheduled');
await open('/account', 'account-scheduled');
await page.getByRole('link', { name: 'Keep it as it is' }).click();
await page.waitForURL('**/subscription/undo**');
await shoot('change-undo');
await page.getByRole('button', { name: 'Keep Team' }).click();
await page.waitForURL('**/orders/**');
await shoot('change-undone');
await open('/account/activity', 'activity');
await steps.openPortal(page);
await shoot('portal');
await page.getByRole('button', { name: 'Cancel subscription' }).click();
await page.waitForLoadState();
await shoot('portal-canceled');
await page.waitForTimeout(3_000);
await open('/account', 'account-canceled');
await open('/account/delete', 'delete');
await page.getByRole('checkbox').check();
await page.getByLabel('Your password').fill(steps.password);
await page.getByRole('button', { name: 'Delete my account' }).click();
await page.waitForURL('**/account/deleted');
await shoot('deleted');
await browser.close();
