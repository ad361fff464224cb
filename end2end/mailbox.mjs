// Mail as people get it: a mail server for each server under test keeps what it is sent, one file a mail, and tests read
// it there.

import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const folderOf = (engine) => resolve(import.meta.dirname, '..', 'target', `end2end-${engine}-mail`);

/** Starts the mail server of an engine on a free port; its port, and how to stop it. */
export async function open(engine) {
  const folder = folderOf(engine);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  let count = 0;
  async function keep(stream, session) {
    const { subject, text, html } = await PostalMime.parse(await buffer(stream));
    const to = session.envelope.rcptTo.map((recipient) => recipient.address);
    count += 1;
    const file = join(folder, `${String(count).padStart(6, '0')}.json`);
    writeFileSync(`${file}.half`, JSON.stringify({ to, subject, text, html }));
    renameSync(`${file}.half`, file);
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, session, done) {
      keep(stream, session).then(() => done(), done);
    },
  });
  await new Promise((listening, failed) => {
    server.on('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  return { port: server.server.address().port, close: () => server.close() };
}

/** What somebody got from the server of an engine, the newest first. */
export function letters(engine, email) {
  const folder = folderOf(engine);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const all = files.sort().reverse().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  return all.filter(({ to }) => to.includes(email));
}
