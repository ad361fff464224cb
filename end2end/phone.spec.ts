// No page is wider than the screen of a phone: what does not fit (a table) is moved within its own frame.

import type { Page } from '@playwright/test';
import { buy, hire, register } from './steps.mjs';
import { expect, test } from './watched';

const widths = [390, 320];
const everybodys = ['/', '/pricing', '/login', '/register', '/reset'];
const buyers = [
  '/', '/pricing', '/buy?plan=lifetime&interval=once', '/orders', '/usage', '/usage/limit?meter=codes', '/subscription/change',
  '/account', '/account/activity', '/account/address', '/account/delete', '/account/export', '/account/password', '/account/sessions',
];
const staffs = ['/staff', '/staff/quarantine', '/staff/cases', '/staff/polar', '/staff/inbox'];

/** Opens each page and notes those that can be moved sideways. */
async function tooWide(page: Page, paths: string[]) {
  const wide: string[] = [];
  for (const path of paths) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(200);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) wide.push(`${path} at ${width}: ${over} too wide`);
    }
  }
  return wide;
}

test('no page is wider than a phone', async ({ page, baseURL }) => {
  expect(await tooWide(page, everybodys)).toEqual([]);
  const email = await register(page);
  await buy(page, email);
  expect(await tooWide(page, [new URL(page.url()).pathname, ...buyers])).toEqual([]);
  hire(baseURL, email);
  expect(await tooWide(page, [...staffs, `/staff?who=${email}`])).toEqual([]);
  const person = await page.getByRole('main').getByRole('link', { name: email }).getAttribute('href');
  expect(await tooWide(page, [person ?? ''])).toEqual([]);
});
