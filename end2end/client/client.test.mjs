// Polar's official client against the sandbox. This line of it (0.47) holds every answer against Polar's schema, so a
// missing field or a wrong kind of value fails the call.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Polar } from '@polar-sh/sdk';
import { WebhookVerificationError, validateEvent } from '@polar-sh/sdk/webhooks';
import { pay, start } from './sandbox.mjs';

let sandbox;
let polar;

before(async () => {
  sandbox = await start();
  polar = new Polar({ accessToken: sandbox.token, serverURL: sandbox.origin });
});

after(() => sandbox.stop());

const price = (priceAmount) => [{ amountType: 'fixed', priceAmount, priceCurrency: 'usd' }];

async function product(name, more = {}) {
  return polar.products.create({ name, recurringInterval: 'month', prices: price(1200), ...more });
}

/** Somebody new, with a paid subscription. */
async function subscriber() {
  const externalId = crypto.randomUUID();
  const email = `ann-${externalId.slice(0, 8)}@boreal-shop.dev`;
  const { id } = await product('Pro', { metadata: { plan: 'pro' } });
  const checkout = await polar.checkouts.create({ products: [id], externalCustomerId: externalId });
  assert.equal(checkout.status, 'open');
  assert.equal(await pay(checkout.url, email), 303);
  const { result } = await polar.subscriptions.list({ externalCustomerId: externalId });
  assert.equal(result.items.length, 1);
  return { externalId, email, checkout, subscription: result.items[0] };
}

test('products are made, listed, changed and archived', async () => {
  const made = await product('Team', { trialInterval: 'day', trialIntervalCount: 14 });
  const { result } = await polar.products.list({ isArchived: false });
  assert.ok(result.items.some((item) => item.id === made.id && item.trialIntervalCount === 14));
  const archived = await polar.products.update({ id: made.id, productUpdate: { isArchived: true } });
  assert.equal(archived.isArchived, true);
});

test('a checkout is made, read, and paid once', async () => {
  const { checkout, externalId } = await subscriber();
  const paid = await polar.checkouts.get({ id: checkout.id });
  assert.deepEqual([paid.status, paid.externalCustomerId], ['succeeded', externalId]);
  const { result } = await polar.orders.list({ externalCustomerId: externalId });
  assert.deepEqual(result.items.map((order) => [order.status, order.totalAmount]), [['paid', 1200]]);
  assert.equal((await polar.orders.get({ id: result.items[0].id })).checkoutId, checkout.id);
});

test('a customer is linked and read, with state and portal', async () => {
  const { externalId, email, subscription } = await subscriber();
  const customer = await polar.customers.getExternal({ externalId });
  assert.equal(customer.email, email);
  const state = await polar.customers.getStateExternal({ externalId });
  assert.deepEqual(state.activeSubscriptions.map((active) => active.id), [subscription.id]);
  const session = await polar.customerSessions.create({ externalCustomerId: externalId });
  assert.equal((await fetch(session.customerPortalUrl)).status, 200);
  await assert.rejects(polar.customers.getExternal({ externalId: crypto.randomUUID() }), { name: 'ResourceNotFound' });
});

test('a subscription is canceled, kept, and revoked', async () => {
  const { id } = (await subscriber()).subscription;
  const update = (subscriptionUpdate) => polar.subscriptions.update({ id, subscriptionUpdate });
  const canceled = await update({ cancelAtPeriodEnd: true });
  assert.deepEqual([canceled.status, canceled.cancelAtPeriodEnd], ['active', true]);
  await assert.rejects(update({ cancelAtPeriodEnd: true }), { name: 'AlreadyCanceledSubscription' });
  assert.equal((await update({ cancelAtPeriodEnd: false })).endsAt, null);
  assert.equal((await polar.subscriptions.revoke({ id })).status, 'canceled');
});

test('webhooks are believed as they come, and not when a byte changed', async () => {
  const { subscription } = await subscriber();
  const about = ({ body }) => JSON.parse(body).data.id === subscription.id;
  for (let tries = 0; !sandbox.heard.some(about) && tries < 100; tries += 1) await sleep(50);
  const { body, headers } = sandbox.heard.find(about);
  assert.equal(validateEvent(body, headers, sandbox.webhook_secret).data.id, subscription.id);
  const changed = Buffer.from(body);
  changed[changed.length - 2] ^= 1;
  assert.throws(() => validateEvent(changed, headers, sandbox.webhook_secret), WebhookVerificationError);
});
