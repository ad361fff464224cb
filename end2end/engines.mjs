// Where each of the two servers under test listens. The site and the sandbox have different host names, so that they are
// two sites to the browser, as in production.

import { resolve } from 'node:path';

const port = (name, otherwise) => Number(process.env[name] ?? otherwise);

export const engines = {
  sqlite: { port: port('E2E_SQLITE_PORT', 4100), sandboxPort: port('E2E_SQLITE_SANDBOX_PORT', 4101) },
  postgres: { port: port('E2E_POSTGRES_PORT', 4200), sandboxPort: port('E2E_POSTGRES_SANDBOX_PORT', 4201) },
};

export const originOf = (engine) => `http://127.0.0.1:${engines[engine].port}`;

/** Whose site this is; undefined for one that runs beside the tests. */
export const engineOf = (site) => Object.keys(engines).find((engine) => originOf(engine) === site);

/** Where server.mjs writes down what its server works on. */
export const placeOf = (engine) => resolve(import.meta.dirname, `../target/end2end-${engine}.json`);
