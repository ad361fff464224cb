// node server.mjs sqlite|postgres: a Boreal of its own with a fresh database and a sandbox, gone when it is told to stop.
// Its log stays in target/end2end-<engine>.log.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { engines, originOf, placeOf } from './engines.mjs';
import * as mailbox from './mailbox.mjs';

const engine = process.argv[2];
if (!(engine in engines)) throw new Error(`not an engine: ${engine}`);

const root = resolve(import.meta.dirname, '..');
// Outside the project, so that its .env is not read.
const folder = mkdtempSync(join(tmpdir(), `boreal-${engine}-`));
const database = `boreal_end2end_${randomBytes(6).toString('hex')}`;

function sql(text) {
  execFileSync('psql', ['--quiet', '--set=ON_ERROR_STOP=1', '--command', text, process.env.TEST_POSTGRES_URL]);
}

function freshDatabase() {
  if (engine === 'sqlite') return `sqlite:${folder}/boreal.db`;
  sql(`CREATE DATABASE ${database}`);
  const url = new URL(process.env.TEST_POSTGRES_URL);
  url.pathname = database;
  return url.href;
}

const mail = await mailbox.open(engine);
const place = { database: freshDatabase(), plans: join(root, 'plans.toml'), sandbox: join(folder, 'sandbox.json') };
// For the steps that no visitor can take: to make somebody staff, and to ask the sandbox what it billed.
writeFileSync(placeOf(engine), JSON.stringify(place));
const { POLAR_ACCESS_TOKEN, POLAR_WEBHOOK_SECRETS, POLAR_API_BASE, ...inherited } = process.env;
const log = openSync(join(root, 'target', `end2end-${engine}.log`), 'w');
const server = spawn(join(root, 'target/debug/boreal'), ['serve'], {
  cwd: folder,
  stdio: ['ignore', log, log],
  env: {
    ...inherited,
    BOREAL_LISTEN: `127.0.0.1:${engines[engine].port}`,
    BOREAL_ORIGIN: originOf(engine),
    BOREAL_DATABASE_URL: place.database,
    BOREAL_PLANS: place.plans,
    BOREAL_SITE_ROOT: join(root, 'target/site'),
    BOREAL_SANDBOX_LISTEN: `127.0.0.1:${engines[engine].sandboxPort}`,
    BOREAL_SANDBOX_STATE: place.sandbox,
    BOREAL_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
    BOREAL_MAIL_FROM: 'Boreal <shop@boreal-shop.dev>',
    // Each test says which address it comes from, or the limits per address would count all tests as one visitor.
    BOREAL_TRUSTED_PROXIES: '127.0.0.1/32',
  },
});

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill('SIGTERM'));

server.on('exit', (code) => {
  mail.close();
  if (engine === 'postgres') sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  rmSync(folder, { recursive: true, force: true });
  rmSync(placeOf(engine), { force: true });
  process.exit(code ?? 1);
});
