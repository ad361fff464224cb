// The 0.47 line of Polar's client, with the calls of the 1.0 line: that one speaks as the API does and takes what it
// gets, this one has its own spelling and holds every answer against Polar's schema.

import { Polar } from '@polar-sh/sdk';
import { validateEvent, WebhookVerificationError as Refused } from '@polar-sh/sdk/webhooks';

const to = (spell, value) => {
  if (Array.isArray(value)) return value.map((item) => to(spell, item));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const spelled = ([key, inner]) => [spell(key), key === 'metadata' ? inner : to(spell, inner)];
  return Object.fromEntries(Object.entries(value).map(spelled));
};
const camel = (value) => to((key) => key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value);
const snake = (value) => to((key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value);

export function connect({ origin, token }) {
  const polar = new Polar({ accessToken: token, serverURL: origin });
  const list = (service) => async (query = {}) => snake((await service.list(camel(query))).result);
  const create = (service) => async (body) => snake(await service.create(camel(body)));
  const get = (service) => async (id) => snake(await service.get({ id }));
  const update = (service, name) => async (id, body) => snake(await service.update({ id, [name]: camel(body) }));
  /** The portal's lists take the token of a session first. */
  const guest = ({ accessToken }) => ({ customerSession: accessToken });
  const guestList = (service) => async (query, options) =>
    snake((await service.list(guest(options), camel(query))).result);

  /** Pausing is younger than this line: the request goes past it, and its schema still judges the answer. */
  const change = async (id, body) => {
    if (!('pause_at_period_end' in body || 'resume' in body)) {
      return update(polar.subscriptions, 'subscriptionUpdate')(id, body);
    }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const url = `${origin}/v1/subscriptions/${id}`;
    const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return get(polar.subscriptions)(id);
  };

  return {
    products: {
      list: list(polar.products),
      create: create(polar.products),
      update: update(polar.products, 'productUpdate'),
    },
    checkouts: { create: create(polar.checkouts), get: get(polar.checkouts) },
    customers: {
      create: create(polar.customers),
      getExternal: async (externalId) => snake(await polar.customers.getExternal({ externalId })),
      getStateExternal: async (externalId) => snake(await polar.customers.getStateExternal({ externalId })),
      update: update(polar.customers, 'customerUpdate'),
    },
    customerSessions: { create: create(polar.customerSessions) },
    subscriptions: {
      list: list(polar.subscriptions),
      get: get(polar.subscriptions),
      update: change,
      revoke: async (id) => snake(await polar.subscriptions.revoke({ id })),
    },
    orders: { list: list(polar.orders), get: get(polar.orders) },
    refunds: { create: create(polar.refunds) },
    events: { ingest: async (body) => snake(await polar.events.ingest(camel(body))) },
    meters: { create: create(polar.meters) },
    customerMeters: { list: list(polar.customerMeters) },
    webhooks: { createWebhookEndpoint: async (body) => snake(await polar.webhooks.createWebhookEndpoint(camel(body))) },
    customerPortal: {
      customers: { get: async (options) => snake(await polar.customerPortal.customers.get(guest(options))) },
      subscriptions: { list: guestList(polar.customerPortal.subscriptions) },
      orders: { list: guestList(polar.customerPortal.orders) },
    },
  };
}

/** This line keeps the body of an error as text. */
export const reason = (error) => JSON.parse(error.body).error;

/** Kinds of events that this line has no schema for: it refuses them after their signature was right. */
export const unknown = [
  'member.created',
  'subscription.cycled',
  'subscription.paused',
  'subscription.resumed',
];

/**
 * The helper makes its key of the bytes that it is given. It was written when those were always the ones of the whole
 * secret; of a secret since September 2026 it must be given what the part after `whsec_` encodes.
 */
export async function validate(body, headers, secret, standard) {
  return validateEvent(body, headers, standard ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret);
}

export { Refused };
