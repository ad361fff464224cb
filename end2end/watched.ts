// The test function of all specs: a console error, an uncaught exception or a violated content policy on any page fails
// the test. Chromium's own line for an answer that a test wants (a refused form, a page that is not there) is let through.

import { type ConsoleMessage, expect, test as base } from '@playwright/test';

const reasons: Record<number, string> = { 403: 'Forbidden', 404: 'Not Found', 422: 'Unprocessable Entity', 429: 'Too Many Requests' };

type Watch = { troubles: string[]; wanted: Set<string> };
type Fixtures = {
  watch: Watch;
  /** Tells that the test wants an answer with this status. */
  wantStatus: (status: number) => void;
};

/** Whether a page that was left by logging out still asked what it should follow: nobody is there any more, hence the 404. */
const isTooLate = (message: ConsoleMessage) =>
  message.text().includes(' 404 ') && /^\/access\//.test(new URL(message.location().url, 'http://x').pathname);

const number = (below: number) => Math.floor(Math.random() * below);

export const test = base.extend<Fixtures>({
  // Each test is a visitor from an address of its own, of the block that is kept for tests of networks (RFC 2544).
  extraHTTPHeaders: async ({}, use) => {
    await use({ 'x-forwarded-for': `198.${18 + number(2)}.${number(256)}.${1 + number(254)}` });
  },

  watch: async ({}, use) => {
    const watch: Watch = { troubles: [], wanted: new Set() };
    await use(watch);
    expect(watch.troubles.filter((trouble) => !watch.wanted.has(trouble))).toEqual([]);
  },

  wantStatus: async ({ watch }, use) => {
    await use((status) => {
      const reason = `${status} (${reasons[status]})`;
      watch.wanted.add(`Failed to load resource: the server responded with a status of ${reason}`);
    });
  },

  context: async ({ context, watch, javaScriptEnabled }, use) => {
    context.on('console', (message) => {
      if (message.type() === 'error' && !isTooLate(message)) watch.troubles.push(message.text());
    });
    context.on('weberror', (error) => {
      const { message } = error.error();
      // Chromium's word for a page that is left before its style sheet is there.
      if (!message.startsWith('Transition was aborted')) watch.troubles.push(`uncaught: ${message}`);
    });
    // With scripts off, Chromium names the policy as the reason why it fetches none of them.
    if (javaScriptEnabled !== false) {
      context.on('requestfailed', (request) => {
        if (request.failure()?.errorText === 'csp') watch.troubles.push(`blocked by the policy: ${request.url()}`);
      });
      await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (violation) => {
          console.error(`policy violated: ${violation.violatedDirective} ${violation.blockedURI}`);
        });
      });
    }
    await use(context);
  },

  // A page that follows its visitor's access loads itself again when that changes. If the test leaves it at that very
  // instant, Chromium drops the leaving for the loading: then it leaves again, twice at most.
  page: async ({ page }, use) => {
    const leave = page.goto.bind(page);
    const dropped = /net::ERR_ABORTED|interrupted by another navigation/;
    page.goto = async (...to) => {
      for (let left = 2; ; left -= 1) {
        try {
          return await leave(...to);
        } catch (error) {
          if (left === 0 || !dropped.test(String(error))) throw error;
          // Whatever is loading instead is done by then.
          await page.waitForTimeout(500);
        }
      }
    };
    await use(page);
  },
});

export { expect };
