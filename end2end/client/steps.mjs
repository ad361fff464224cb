// What the official client is taken through against the sandbox, whichever line of it speaks. A line brings `connect`,
// `reason` for what Polar calls an error, `validate` for webhooks with the class of the error about a false one
// (`Refused`), and the kinds of events that are `unknown` to it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pay, start } from './sandbox.mjs';

export function steps(line) {
  let sandbox;
  let polar;

  before(async () => {
    sandbox = await start();
    polar = line.connect(sandbox);
  });

  after(() => sandbox.stop());

  /** The call ends with this status and Polar's name for the error. */
  const refuses = (call, status, name) =>
    assert.rejects(call, (error) => {
      assert.deepEqual([error.statusCode, line.reason(error)], [status, name]);
      return true;
    });

  const prices = (amount) => [{ amount_type: 'fixed', price_amount: amount, price_currency: 'usd' }];

  const product = (name, amount = 1200, more = {}) =>
    polar.products.create({ name, recurring_interval: 'month', prices: prices(amount), ...more });

  const tally = ({ inserted, duplicates }) => [inserted, duplicates];

  /** Somebody new, with a paid subscription. */
  async function subscriber() {
    const external_id = crypto.randomUUID();
    const email = `ann-${external_id.slice(0, 8)}@boreal-shop.dev`;
    const { id } = await product('Pro', 1200, { metadata: { plan: 'pro' } });
    const checkout = await polar.checkouts.create({ products: [id], external_customer_id: external_id });
    assert.equal(checkout.status, 'open');
    assert.equal(await pay(checkout.url, email), 303);
    const { items } = await polar.subscriptions.list({ external_customer_id: external_id });
    assert.equal(items.length, 1);
    return { external_id, email, checkout, subscription: items[0] };
  }

  test('products are made, listed, changed and archived', async () => {
    const made = await product('Team', 2500, { trial_interval: 'day', trial_interval_count: 14 });
    const { items } = await polar.products.list({ is_archived: false });
    assert.ok(items.some((item) => item.id === made.id && item.trial_interval_count === 14));
    const archived = await polar.products.update(made.id, { is_archived: true });
    assert.equal(archived.is_archived, true);
    const rest = await polar.products.list({ is_archived: false });
    assert.ok(rest.items.every((item) => item.id !== made.id));
  });

  test('a checkout is made, read, and paid once', async () => {
    const { checkout, external_id } = await subscriber();
    const paid = await polar.checkouts.get(checkout.id);
    assert.deepEqual([paid.status, paid.external_customer_id], ['succeeded', external_id]);
    const { items } = await polar.orders.list({ external_customer_id: external_id });
    assert.deepEqual(items.map((order) => [order.status, order.total_amount]), [['paid', 1200]]);
    assert.equal((await polar.orders.get(items[0].id)).checkout_id, checkout.id);
  });

  test('a customer is linked, once, and read', async () => {
    const external_id = crypto.randomUUID();
    const email = `bob-${external_id.slice(0, 8)}@boreal-shop.dev`;
    const made = await polar.customers.create({ email });
    assert.equal(made.external_id, null);
    await refuses(polar.customers.getExternal(external_id), 404, 'ResourceNotFound');
    await polar.customers.update(made.id, { external_id });
    const found = await polar.customers.getExternal(external_id);
    assert.deepEqual([found.id, found.email], [made.id, email]);
    const again = polar.customers.update(made.id, { external_id: crypto.randomUUID() });
    await refuses(again, 422, 'PolarRequestValidationError');
  });

  test('the state of a customer names what is active', async () => {
    const { external_id, subscription } = await subscriber();
    const state = await polar.customers.getStateExternal(external_id);
    assert.deepEqual(state.active_subscriptions.map((active) => active.id), [subscription.id]);
    assert.equal(state.external_id, external_id);
  });

  test('a session opens the portal, and its token the routes behind it', async () => {
    const { external_id, email, subscription } = await subscriber();
    const session = await polar.customerSessions.create({ external_customer_id: external_id });
    assert.equal((await fetch(session.customer_portal_url)).status, 200);
    const guest = { accessToken: session.token };
    assert.equal((await polar.customerPortal.customers.get(guest)).email, email);
    const held = await polar.customerPortal.subscriptions.list({}, guest);
    assert.deepEqual(held.items.map((item) => item.id), [subscription.id]);
    const orders = await polar.customerPortal.orders.list({}, guest);
    assert.deepEqual(orders.items.map((item) => item.subscription_id), [subscription.id]);
  });

  test('a subscription changes its product', async () => {
    const { id } = (await subscriber()).subscription;
    const max = await product('Max', 4800);
    const changed = await polar.subscriptions.update(id, { product_id: max.id, proration_behavior: 'invoice' });
    assert.deepEqual([changed.id, changed.product.name, changed.amount], [id, 'Max', 4800]);
    assert.equal((await polar.subscriptions.get(id)).product_id, max.id);
  });

  test('a subscription is canceled, kept, and revoked', async () => {
    const { id } = (await subscriber()).subscription;
    const update = (body) => polar.subscriptions.update(id, body);
    const canceled = await update({ cancel_at_period_end: true, customer_cancellation_reason: 'unused' });
    assert.deepEqual([canceled.status, canceled.cancel_at_period_end], ['active', true]);
    assert.equal(canceled.customer_cancellation_reason, 'unused');
    const twice = update({ cancel_at_period_end: true });
    await refuses(twice, 403, 'AlreadyCanceledSubscription');
    assert.equal((await update({ cancel_at_period_end: false })).ends_at, null);
    assert.equal((await polar.subscriptions.revoke(id)).status, 'canceled');
  });

  test('a subscription rests and goes on', async () => {
    const { id } = (await subscriber()).subscription;
    const planned = await polar.subscriptions.update(id, { pause_at_period_end: true });
    assert.equal(planned.status, 'active');
    await sandbox.pass(32);
    assert.equal((await polar.subscriptions.get(id)).status, 'paused');
    const resumed = await polar.subscriptions.update(id, { resume: true });
    assert.deepEqual([resumed.status, resumed.id], ['active', id]);
    const { items } = await polar.orders.list({ subscription_id: id });
    assert.equal(items.length, 2, 'the first period and the one after the pause');
  });

  test('an order is given back in part, and no more than all of it', async () => {
    const { external_id } = await subscriber();
    const [order] = (await polar.orders.list({ external_customer_id: external_id })).items;
    const refund = (amount) => polar.refunds.create({ order_id: order.id, reason: 'customer_request', amount });
    const part = await refund(500);
    assert.deepEqual([part.status, part.amount, part.order_id], ['succeeded', 500, order.id]);
    const after = await polar.orders.get(order.id);
    assert.deepEqual([after.status, after.refunded_amount], ['partially_refunded', 500]);
    await refuses(refund(701), 422, 'PolarRequestValidationError');
    await refund(700);
    await refuses(refund(1), 403, 'RefundedAlready');
  });

  test('usage counts once, however often it is sent, and the meter tells the balance', async () => {
    const { external_id } = await subscriber();
    const meter = await polar.meters.create({
      name: 'Words',
      filter: { conjunction: 'and', clauses: [{ property: 'name', operator: 'eq', value: 'words' }] },
      aggregation: { func: 'sum', property: 'count' },
    });
    const event = (key, count) => ({
      name: 'words',
      external_customer_id: external_id,
      external_id: `${external_id}-${key}`,
      metadata: { count },
    });
    const events = [event('first', 30), event('second', 12)];
    assert.deepEqual(tally(await polar.events.ingest({ events })), [2, 0]);
    assert.deepEqual(tally(await polar.events.ingest({ events: [...events, event('third', 8)] })), [1, 2]);
    await sandbox.idle();
    const { items } = await polar.customerMeters.list({ external_customer_id: external_id, meter_id: meter.id });
    assert.deepEqual(items.map((one) => [one.consumed_units, one.balance]), [[50, -50]]);
  });

  for (const standard of [false, true]) {
    const era = standard ? 'since September 2026' : 'before September 2026';
    test(`webhooks signed with a secret of the era ${era} are believed, and not when a byte changed`, async () => {
      await sandbox.faults({ standard_secrets: standard });
      const path = `/era/${standard}`;
      const endpoint = { url: sandbox.app + path, format: 'raw', events: ['subscription.created'] };
      const { secret } = await polar.webhooks.createWebhookEndpoint(endpoint);
      assert.match(secret, /^whsec_/);
      const { subscription } = await subscriber();
      await sandbox.idle();
      const [{ body, headers }] = sandbox.heard.filter((one) => one.path === path);
      assert.equal((await line.validate(body, headers, secret, standard)).data.id, subscription.id);
      const changed = Buffer.from(body);
      changed[changed.length - 2] ^= 1;
      await assert.rejects(line.validate(changed, headers, secret, standard), line.Refused);
    });
  }

  test('every webhook of the steps before was one that the client understands', async () => {
    await sandbox.idle();
    const own = sandbox.heard.filter((one) => !one.path.startsWith('/era/'));
    const strange = new Set();
    for (const { body, headers } of own) {
      const { type } = JSON.parse(body);
      if (line.unknown.includes(type)) strange.add(type);
      else assert.equal((await line.validate(body, headers, sandbox.webhook_secret, false)).type, type);
    }
    assert.ok(own.length > 100, `${own.length} webhooks`);
    assert.deepEqual([...strange].sort(), line.unknown);
  });
}
