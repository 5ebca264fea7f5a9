// A browser with a profile of its own: its certificate store is filled with the tools people fill theirs with
// (NSS: certutil, pk12util), and a policy answers the question which certificate to show, as nobody is there to.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const run = promisify(execFile);

/**
 * A program that is Chromium under a policy of its own: what `site` asks for a certificate is answered with the one the
 * store has. Policies lie below /etc; the program sees one of its own there, and nothing of this machine is changed.
 */
async function underPolicy(folder, site) {
  const policy = join(folder, 'policy.json');
  const pattern = JSON.stringify({ pattern: new URL(site).origin, filter: {} });
  await writeFile(policy, JSON.stringify({ AutoSelectCertificateForUrls: [pattern] }));
  const program = join(folder, 'chromium');
  const inside = [
    'mount -t tmpfs tmpfs /etc/chromium',
    'mkdir -p /etc/chromium/policies/managed',
    `cp '${policy}' /etc/chromium/policies/managed/certificate.json`,
    `exec ${CHROMIUM} "$@"`,
  ];
  const alone = process.getuid() === 0 ? 'unshare --mount' : 'unshare --map-root-user --mount';
  await writeFile(program, `#!/bin/sh\nexec ${alone} sh -ec '${inside.join(' && ').replaceAll("'", `'"'"'`)}' chromium "$@"\n`, {
    mode: 0o755,
  });
  return program;
}

/**
 * Opens a browser whose home is `folder`. It trusts `root` (PEM); with `pkcs12` and `password` it has a certificate,
 * which it shows to `site`.
 * `rules` say where names lead, as a hosts file would.
 * `listed` is what the store then says it holds.
 */
export async function openProfile(folder, { root, pkcs12, password, site, rules, javaScript = true }) {
  const store = join(folder, '.pki', 'nssdb');
  await mkdir(store, { recursive: true });
  const database = `sql:${store}`;
  await run('certutil', ['-N', '-d', database, '--empty-password']);
  await run('certutil', ['-A', '-d', database, '-n', 'root', '-t', 'CT,C,C', '-i', root]);
  if (pkcs12) await run('pk12util', ['-i', pkcs12, '-d', database, '-W', password]);
  const { stdout: listed } = await run('certutil', ['-L', '-d', database]);
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: site ? await underPolicy(folder, site) : CHROMIUM,
    // The store is found by the home folder; nothing of this machine's own user is touched.
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') },
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...(rules ? [`--host-resolver-rules=${rules}`] : []),
    ],
    javaScriptEnabled: javaScript,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    viewport: { width: 1366, height: 768 },
  });
  return { context, listed, database, close: () => context.close() };
}

/** What the store says of the certificate of this name, as a person reads it: `certutil -L`. */
export async function told(database, name) {
  const { stdout } = await run('certutil', ['-L', '-d', database, '-n', name]);
  // Not After in UTC, as NSS prints it: `Sat Feb 20 14:59:59 2027`.
  const [, issuer] = stdout.match(/Issuer:\s*"([^"]*)"/) ?? [];
  const [, end] = stdout.match(/Not After\s*: (.*)/) ?? [];
  return { text: stdout, issuer, notAfter: new Date(`${end} UTC`) };
}

/** The serial numbers of the certificates in a PKCS#12 file that this password opens, the owner's first. */
export async function serialsIn(pkcs12, password) {
  const { stdout } = await run('pk12util', ['-l', pkcs12, '-W', password]);
  return [...stdout.matchAll(/Serial Number:\s*(?:\d+ \(0x([0-9a-f]+)\)|([0-9a-f:\s]+?)\n\s*Signature)/gi)].map((found) =>
    (found[1] ?? found[2]).replaceAll(/[\s:]/g, ''));
}

/** Names in the listing whose certificate has its key here. */
export function ownNames(listed) {
  return listed.split('\n').flatMap((line) => line.match(/^(.*\S)\s+u,u,u\s*$/)?.slice(1) ?? []);
}
