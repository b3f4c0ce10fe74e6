#!/usr/bin/env node
/**
 * Set-up: makes a fresh Debian 12 machine able to start, test or measure the camera. Run by `npm start`,
 * `npm test` and the others before anything else, so it is plain Node with no dependency. Every step first
 * looks whether its work is done; when all is done nothing is taken, written or fetched, and the network is
 * not used. It never leaves a half-made file where a finished one is looked for.
 */

const [major, minor] = process.versions.node.split('.').map(Number);
if (major !== 20 || minor < 15) {
  const text = `Set-up stopped: Vigie runs on Node 20 (20.15 or newer), and this is ${process.version}`;
  process.stderr.write(`${text}. Install Node 20 and run the command again\n`);
  process.exit(69);
}

const { setUp } = await import('./steps.mjs');
process.exitCode = await setUp(process.argv.slice(2));
