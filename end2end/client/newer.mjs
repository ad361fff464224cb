// The 1.0 line of Polar's client: its calls are the ones that the steps are written in.

import { createPolar, webhooks } from 'polar-sdk-1/2026-04';

export const connect = ({ origin, token }) => createPolar({ accessToken: token, baseUrl: origin });

/** The body of an error that the schema does not name stays text. */
export const reason = ({ error }) => (typeof error === 'string' ? JSON.parse(error) : error).error;

/** Kinds of events that this line does not know. */
export const unknown = [];

/** Both forms of secrets are tried by the helper itself. */
export const validate = (body, headers, secret) => webhooks.validateEvent(body, headers, secret);

export const Refused = webhooks.PolarWebhookVerificationError;
