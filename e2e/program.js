// Starting the real program, as somebody at a keyboard would, and ending it by its own process id.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
let databases = 0;

/** Distances from the port base that a demo listens on. */
const DISTANCES = Array.from({ length: 16 }, (_, distance) => distance);
/** Highest base that leaves room for all of them. */
const HIGHEST_BASE = 65_000;
/** How long a start may take before it counts as hung, ms. Generous: nothing is measured here. */
const START_TIMEOUT = 120_000;
/** How long an orderly end may take before the process is killed, ms. */
const END_TIMEOUT = 20_000;

/** Listens on a port of 127.0.0.1 (0: any that is free); undefined when it is taken. */
async function hold(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function release(server) {
  server.close();
  await once(server, 'close');
}

/** A port base whose ports are all free now. */
async function freePortBase() {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = await hold(0);
    const base = Math.min(first.address().port, HIGHEST_BASE);
    await release(first);
    const held = await Promise.all(DISTANCES.map((distance) => hold(base + distance)));
    await Promise.all(held.filter(Boolean).map(release));
    if (held.every(Boolean)) return base;
  }
  throw new Error('no ports are free on 127.0.0.1');
}

/** The JSON document that `shikaku demo --json` prints when it is ready. */
async function announcement(child, log) {
  let text = '';
  const ready = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (piece) => {
      text += piece;
      if (text.endsWith('\n}\n')) resolve(JSON.parse(text));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`the demo ended before it was ready (${code ?? signal}):\n${log.join('')}`));
    });
  });
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the demo was not ready in ${START_TIMEOUT} ms`)), START_TIMEOUT);
  });
  return Promise.race([ready, late]).finally(() => clearTimeout(timer));
}

/** A database of its own on the server of this URL, for one demo; undefined without a server. */
async function ownDatabase(server) {
  if (!server) return undefined;
  const name = `demo_${process.pid}_${(databases += 1)}`;
  const url = new URL(server);
  await run('psql', [server, '--quiet', '--no-psqlrc', '--command', `CREATE DATABASE ${name}`]);
  url.pathname = `/${name}`;
  return url.href;
}

/**
 * Starts `shikaku demo` on free ports with a data folder of its own; with `server`, the URL of a PostgreSQL, on a
 * database of its own there.
 * `more` are further options of the command line.
 * `about` is what it announced; `data` is its folder; `database` its PostgreSQL, if it has one; `stop` ends it and removes the folder, and fails when it did not end well.
 */
export async function startDemo(shikaku, server, more = []) {
  const folder = await mkdtemp(join(tmpdir(), 'shikaku-e2e-'));
  const base = await freePortBase();
  const log = [];
  const database = await ownDatabase(server);
  const child = spawn(
    shikaku,
    [
      ...['demo', '--json', '--persons', '20', '--port-base', String(base), '--data', join(folder, 'data')],
      ...(database ? ['--database-url', database] : []),
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SHIKAKU_LOG: 'warn' } },
  );
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (piece) => log.push(piece));
  // Whatever ends the story must not leave the program running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  const about = await announcement(child, log).catch((error) => {
    kill();
    throw error;
  });
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(kill, END_TIMEOUT);
    const [code, signal] = await ended;
    clearTimeout(timer);
    process.removeListener('exit', kill);
    await rm(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the demo ended with ${code ?? signal}:\n${log.join('')}`);
  };
  return { about, address: new URL(about.landing_page).host, data: join(folder, 'data'), database, stop };
}
