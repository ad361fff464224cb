// What a visitor does, named: the tests and look.mjs read as these steps.

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { engineOf, engines, placeOf } from './engines.mjs';
import { letters } from './mailbox.mjs';

export const cards = { paying: '4242 4242 4242 4242', declined: '4000 0000 0000 0002', paysOnce: '4000 0000 0000 0341' };
export const password = 'a long enough pass phrase';

/** An address that nobody had before; the sandbox refuses reserved domains, as Polar does. */
export const freshEmail = (name = 'ann') => `${name}-${randomUUID().slice(0, 8)}@boreal-shop.dev`;

export async function register(page, email = freshEmail()) {
  await page.goto('/register');
  await signUp(page, email);
  return email;
}

/** Fills in the form of the register page where the visitor is. */
export async function signUp(page, email) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL((url) => url.pathname !== '/register');
}

export async function logIn(page, email, secret = password) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** The card of a plan on the pricing page. */
export const planCard = (page, plan) =>
  page.getByRole('article').filter({ has: page.getByRole('heading', { name: plan, exact: true }) });

/** From the pricing page to the page that says what will be bought. */
export async function choose(page, plan = 'Pro') {
  await page.goto('/pricing');
  const card = planCard(page, plan);
  const name = `Start ${plan}`;
  await card.getByRole('link', { name }).or(card.getByRole('button', { name })).click();
  await page.waitForURL((url) => url.pathname === '/buy');
}

/** Consents to the quote and arrives at the payment page, which is another site. */
export async function consent(page) {
  const ours = new URL(page.url()).origin;
  await page.getByRole('button', { name: 'Continue to payment' }).click();
  await page.waitForURL((url) => url.origin !== ours);
}

/** Fills in the payment page and presses the button. */
export async function pay(page, email, card = cards.paying) {
  const address = page.getByLabel(/^e-?mail$/i);
  if ((await address.count()) && (await address.isEditable())) await address.fill(email);
  await page.getByLabel(/^(name on card|cardholder name)$/i).fill('Ann Aurora');
  await page.getByLabel('Card number').fill(card);
  await page.getByLabel('Expiry').fill('12/34');
  await page.getByLabel('CVC').fill('123');
  const country = page.getByLabel('Country');
  const isList = await country.evaluate((field) => field.tagName === 'SELECT');
  await (isList ? country.selectOption('DE') : country.fill('DE'));
  await page.getByRole('button', { name: 'Pay now' }).click();
}

/** The sign of the confirmation page that access is there; the page reaches it by itself. */
export const granted = (page) => page.locator('[data-stage="granted"]');

/** The whole purchase of a signed-in visitor, from the pricing page to access. */
export async function buy(page, email, plan = 'Pro') {
  await choose(page, plan);
  await consent(page);
  await pay(page, email);
  await granted(page).waitFor({ timeout: 30_000 });
}

/** From the account page to the customer portal, which is another site. */
export async function openPortal(page) {
  await page.goto('/account');
  const ours = new URL(page.url()).origin;
  await page.getByRole('button', { name: 'Manage billing' }).click();
  await page.waitForURL((url) => url.origin !== ours);
}

/** The link in the newest mail to somebody whose subject begins so, once it is there; as a path of the site. */
export async function linkInMail(site, email, subject) {
  const letter = await newestMail(site, email, subject);
  const link = letter.match(/(\/[a-z/]+\?key=[\w-]+)/)?.[1];
  if (!link) throw new Error(`no link in the mail ${subject}`);
  return link;
}

/** The words of the newest mail to somebody whose subject begins so, once it is there. */
export async function newestMail(site, email, subject) {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const text = await arrived(site, email, subject);
    if (text) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail ${subject} to ${email}`);
}

/** From the mail server of the tests; a site that runs beside them keeps its mail on a page. */
async function arrived(site, email, subject) {
  const engine = engineOf(site);
  if (engine) return letters(engine, email).find((letter) => letter.subject.startsWith(subject))?.text;
  const list = await (await fetch(`${site}/dev/mail`)).text();
  const row = list.split('<tr>').find((row) => row.includes(email) && row.includes(`>${subject}`));
  const id = row?.match(/\/dev\/mail\?id=([0-9a-f-]+)/)?.[1];
  return id && (await (await fetch(`${site}/dev/mail?id=${id}`)).text());
}

const place = (site) => JSON.parse(readFileSync(placeOf(engineOf(site)), 'utf8'));

/** Makes somebody who registered staff, as the owner of a shop does: on the command line. */
export function hire(site, email) {
  const { database, plans, sandbox } = place(site);
  const env = { ...process.env, BOREAL_DATABASE_URL: database, BOREAL_PLANS: plans, BOREAL_SANDBOX_STATE: sandbox };
  execFileSync(resolve(import.meta.dirname, '../target/debug/boreal'), ['role', email, 'staff'], { env, stdio: 'pipe' });
}

/** Asks the sandbox behind a site. */
async function atSandbox(site, path, body) {
  const { identity } = JSON.parse(readFileSync(place(site).sandbox, 'utf8'));
  const headers = { authorization: `Bearer ${identity.token}`, 'content-type': 'application/json' };
  const { sandboxPort } = engines[engineOf(site)];
  const sent = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`http://localhost:${sandboxPort}${path}`, { headers, ...sent });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
  return answer.json();
}

/** Moves the sandbox's clock on, for everybody who bought there. */
export const moveClock = (site, ms) => atSandbox(site, '/sandbox/clock', { advance_ms: ms });

/** What the sandbox billed somebody, the newest first. */
export async function bills(site, email) {
  const { items } = await atSandbox(site, '/v1/orders/?limit=100');
  return items.filter((bill) => bill.customer.email === email);
}
