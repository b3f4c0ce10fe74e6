/**
 * Faults of updates that have tests of their own: which tests show them, run as they are by `npm test`. Used by ota.ts; a row
 * without a test is a violation, so that a test that is renamed is not missed.
 */
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

export interface TestedFault {
  name: string;
  /** under test/, without its ending */
  file: string;
  /** of the names of its tests; all when left out */
  only?: RegExp;
}

export const testedFaults: readonly TestedFault[] = [
  {
    name: 'metadata: rollback, freeze, mix-and-match, wrong keys, replay',
    file: 'unit/ota-metadata-attacks',
  },
  { name: 'metadata: keys that change, keys that are revoked', file: 'unit/ota-metadata-keys' },
  { name: 'metadata: torn, lost, cut while it is kept', file: 'unit/ota-metadata-kept' },
  { name: 'metadata: a server that is down, slow, endless', file: 'unit/ota-metadata-network' },
  { name: 'wrong board, downgrade, failed before, not its turn', file: 'unit/ota-metadata-policy' },
  {
    name: 'clock set back or not trusted: nothing is asked',
    file: 'unit/ota-metadata-attacks',
    only: /clock/,
  },
  { name: 'the repository cut while it publishes', file: 'system/ota-repository-kill' },
  { name: 'a bundle that is no bundle, or a bomb', file: 'fuzz/ota-bundle' },
  { name: 'a bundle with a model outside its closed list', file: 'unit/ota-bundle-gate' },
  {
    name: 'the patch does not fit: the whole bundle',
    file: 'unit/ota-updater',
    only: /difference|delta|whole/i,
  },
  { name: 'confirming, with the network down and a vital that breaks', file: 'unit/ota-confirm' },
  { name: 'system slots: RAUC killed and cut', file: 'system/ota-rauc-cut' },
  { name: 'system slots: wrong board, wrong signer, expired, tampered', file: 'system/ota-rauc-refused' },
];

/** Compiled tests. */
const tests = join(import.meta.dirname, '..');

export interface TestedFound {
  passed: number;
  /** with their reasons */
  skipped: string[];
  failed: string[];
}

/** What the lines of the TAP protocol say; tests that the pattern leaves out count for nothing. */
export function readTap(text: string): TestedFound {
  const found: TestedFound = { passed: 0, skipped: [], failed: [] };
  for (const line of text.split('\n')) {
    const [, not, name = '', skip] =
      /^(not )?ok \d+ - (.*?)(?: # SKIP ?(.*))?$/.exec(line.replaceAll('\\#', '#')) ?? [];
    if (name === '') continue;
    if (not) found.failed.push(name);
    else if (skip === undefined) found.passed += 1;
    else if (!/does not match pattern/.test(skip)) found.skipped.push(`${name}: ${skip}`);
  }
  return found;
}

export async function runTested({ name, file, only }: TestedFault): Promise<TestedFound> {
  const path = join(tests, `${file}.test.js`);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return { passed: 0, skipped: [], failed: [`${name}: there is no test ${file}`] };
  const pattern = only ? ['--test-name-pattern', `/${only.source}/${only.flags}`] : [];
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', ...pattern, path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  const found = readTap(text);
  const failed = found.failed.map((test) => `${name}: ${test}`);
  if (found.passed + found.skipped.length + failed.length === 0)
    failed.push(`${name}: no test of ${file} shows it`);
  return { ...found, failed };
}
