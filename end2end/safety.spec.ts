// What every page owes its visitor: headers, a policy without holes, error pages of ours.

import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { register } from './steps.mjs';
import { expect, test } from './watched';

const forEverybody = ['/', '/pricing', '/register', '/login', '/login?next=/account', '/reset'];
const forMembers = [
  '/',
  '/pricing',
  '/account',
  '/account/address',
  '/account/password',
  '/account/sessions',
  '/account/activity',
  '/account/export',
  '/account/delete',
  '/buy?plan=pro&interval=month',
  '/logout',
];

/** The hashes of all inline scripts in the page's text. */
function inlineScripts(html: string) {
  const scripts = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  return scripts.map(([, code]) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`);
}

async function expectSafe(page: Page, path: string, status = 200) {
  const response = await page.goto(path);
  expect(response?.status(), path).toBe(status);
  const headers = response!.headers();
  const policy = headers['content-security-policy'] ?? '';
  expect(policy, path).toContain("default-src 'self'");
  expect(policy, path).toContain("frame-ancestors 'none'");
  expect(policy, path).not.toContain('unsafe-inline');
  expect(headers, path).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
  });
  for (const hash of inlineScripts(await response!.text())) expect(policy, path).toContain(hash);
  // Islands wake when the browser is idle: a script that the policy refuses would be reported by then.
  await page.waitForLoadState('networkidle');
}

test('every page for everybody', async ({ page }) => {
  for (const path of forEverybody) await expectSafe(page, path);
});

test('every page for members', async ({ page }) => {
  await register(page);
  for (const path of forMembers) await expectSafe(page, path);
});

test('a page that is not there is a page of ours', async ({ page, wantStatus }) => {
  wantStatus(404);
  await expectSafe(page, '/no-such-page', 404);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Pricing' }).first()).toBeVisible();
});

test("an order that is nobody's is not found", async ({ page, wantStatus }) => {
  wantStatus(404);
  await register(page);
  await expectSafe(page, '/orders/0198c3a0-0000-7000-8000-000000000000', 404);
  await expectSafe(page, '/orders/not-an-id', 404);
});

test('a form that another site sends is refused', async ({ request }) => {
  const form = { email: 'ann@boreal-shop.dev', password: 'a long enough pass phrase' };
  for (const path of ['/login', '/register', '/logout', '/billing']) {
    const answer = await request.post(path, { form, headers: { origin: 'https://evil.example' }, maxRedirects: 0 });
    expect(answer.status(), path).toBe(403);
  }
});

test('a foreign inline script does not run', async ({ browser, baseURL }) => {
  // A context of its own: what is refused here must not fail the test.
  const context = await browser.newContext({ baseURL });
  const page = await context.newPage();
  const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'));
  await page.goto('/');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.intruder = true';
    document.body.append(script);
  });
  await refused;
  expect(await page.evaluate(() => 'intruder' in window)).toBe(false);
  await context.close();
});
