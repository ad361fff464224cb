// Both engines run the same tests, each against a server of its own (server.mjs). Run it by scripts/browser-tests, which
// finds the browser and free ports; END2END_ENGINES=sqlite leaves the other engine out.

import { defineConfig } from '@playwright/test';
import { originOf } from './engines.mjs';

const wanted = (process.env.END2END_ENGINES ?? 'sqlite,postgres').split(',');

if (wanted.includes('postgres') && !process.env.TEST_POSTGRES_URL) {
  throw new Error('TEST_POSTGRES_URL is not set: run scripts/with-postgres scripts/browser-tests.');
}

const quietChromium = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: '.',
  // client/ is Node's own test runner's.
  testMatch: '*.spec.ts',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: quietChromium },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: wanted.flatMap((engine) => {
    const use = { baseURL: originOf(engine) };
    // What moves the clock moves it for all: it comes last.
    const last = 'later.spec.ts';
    return [
      { name: engine, use, testIgnore: last },
      { name: `${engine}, later`, use, testMatch: last, dependencies: [engine] },
    ];
  }),
  webServer: wanted.map((engine) => ({
    command: `node server.mjs ${engine}`,
    url: `${originOf(engine)}/readyz`,
    timeout: 60_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
  })),
});
