// A sandbox of its own for the tests of Polar's official client, and an ear for its webhooks.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');
const DAY_MS = 86_400_000;

/** Listens for webhooks; `heard` holds each as it came, with its path and its raw body. */
async function listen() {
  const heard = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    heard.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(202).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { heard, server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** The switches that Polar does not have. */
function switches(origin) {
  const send = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(origin + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const idle = async () => {
    while (!(await send('GET', '/sandbox/idle')).idle) await sleep(20);
  };
  return {
    idle,
    faults: (faults) => send('PUT', '/sandbox/faults', faults),
    /** Moves the sandbox's clock, and waits until everything that came due has been told. */
    pass: async (days) => {
      await send('POST', '/sandbox/clock', { advance_ms: days * DAY_MS });
      await idle();
    },
  };
}

/** Starts `boreal sandbox`; `stop` ends it and forgets its state. */
export async function start() {
  const ear = await listen();
  const folder = mkdtempSync(join(tmpdir(), 'boreal-client-'));
  const { POLAR_ACCESS_TOKEN, ...inherited } = process.env;
  const sandbox = spawn(join(root, 'target/debug/boreal'), ['sandbox'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...inherited,
      BOREAL_ORIGIN: ear.origin,
      BOREAL_SANDBOX_LISTEN: '127.0.0.1:0',
      BOREAL_SANDBOX_STATE: join(folder, 'sandbox.json'),
    },
  });
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const stop = async () => {
    sandbox.kill('SIGTERM');
    await once(sandbox, 'exit');
    ear.server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const said = JSON.parse(line);
  return { ...said, heard: ear.heard, app: ear.origin, stop, ...switches(said.origin) };
}

/** Pays a checkout on its hosted page. */
export async function pay(url, email) {
  const card = { number: '4242 4242 4242 4242', expiry: '12/40', cvc: '123' };
  const body = new URLSearchParams({ email, name: 'Ada Buyer', country: 'US', ...card });
  const answer = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  return answer.status;
}
