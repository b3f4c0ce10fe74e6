/**
 * A camera that is updated, kept, crashes, goes back, as one stretch that can be cut anywhere; and what is looked at after
 * the cut. Used by ota-cut-run.ts on a card, and by ota-kill.ts. The slots are changed by the real back end in this process,
 * the versions started by the real launcher as another.
 */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { slotIn } from '../../ota/launcher/slot-marker.js';
import type { SlotState } from '../../ota/launcher/slot-state.js';
import { readState, writeState } from '../../ota/launcher/state-file.js';
import { stateText } from '../../ota/launcher/state-shape.js';
import type { Reached } from '../../ota/slots/backend.js';
import { emptyTree, syncTree } from '../../ota/slots/slot-tree.js';
import { installable, type Report, type TinyVersion, type TinyVersions } from './ota-bundles.js';
import { boot, bootHere, installOver, slotsOf } from './ota-site.js';
import type { Truth, Wrong } from './ota-truth.js';

/**
 * What is wrong in a known way. `unsynced`: of the slot only bundle.json is synced, and it is said to have been verified;
 * `believed`: nothing of the slot is synced, and the first start looks; `in-place`: `state.json` is written over.
 */
export type Careless = 'unsynced' | 'believed' | 'in-place';

export interface Site {
  root: string;
  versions: TinyVersions;
  /** hash of bundle.json of every version made so far */
  manifests: Map<string, string>;
  random: () => number;
  careless: Careless | null;
}

/** Takes what is done next, and what was told. */
export interface Teller {
  step: (work: string) => void;
  tell: (line: string) => void;
}

type Running = Pick<Report, 'slot' | 'version'>;

async function nextVersion({ versions, manifests }: Site): Promise<TinyVersion> {
  const version = await versions.next();
  manifests.set(version.version, version.bundle.manifestSha256);
  return version;
}

/** The part of a named step that tells its kind: `active: state.json renamed` is a step of `active`. */
const kindOf = (step: string): string => step.split(':')[0] ?? step;

/** Started once, kept if it was on trial; then a new version, and what becomes of it. Throws what nobody may meet. */
export async function session(site: Site, { step, tell }: Teller): Promise<void> {
  const { root, random } = site;
  step('start');
  const running = await startOne(root, tell);
  step('leftovers');
  const slots = slotsOf(root, running.slot);
  await slots.start(new AbortController().signal);
  await slots.confirm();
  tell(`confirmed ${running.version}`);
  const version = await nextVersion(site);
  step('order');
  tell(`installing ${version.version}`);
  await install(site, running, version, (at) => step(`install, after ${kindOf(at)}`));
  tell(`installed ${version.version}`);
  if (random() < 0.3) await crashAway(root, version, { step, tell });
  else await keep(site, running, { step, tell });
}

async function startOne(root: string, tell: (line: string) => void): Promise<Report> {
  tell('starting');
  const [started] = await boot(root);
  if (!started) throw new Error('nothing started');
  tell(`saw ${started.version}`);
  return started;
}

async function keep({ root, random }: Site, before: Running, { step, tell }: Teller): Promise<void> {
  step('first start');
  let now = await startOne(root, tell);
  if (random() < 0.3) now = await startOne(root, tell);
  const slots = slotsOf(root, now.slot, (at) => step(`confirm, after ${kindOf(at)}`));
  step('confirm');
  await slots.confirm();
  tell(`confirmed ${now.version}`);
  if (random() < 0.5) return;
  step('rollback');
  tell(`leaving ${before.version}`);
  await slotsOf(root, now.slot, () => step('rollback, inside')).rollback();
  tell(`left ${before.version}`);
  step('start after a rollback');
  await startOne(root, tell);
}

/** Three tries that crash, and the one before it. */
async function crashAway(root: string, { version }: TinyVersion, { step, tell }: Teller): Promise<void> {
  step('tries');
  tell('crashing');
  const all = await boot(root, { words: [`${version}=1`], starts: 4 });
  const last = all.at(-1);
  if (last) tell(`saw ${last.version}`);
}

async function install(site: Site, running: Running, version: TinyVersion, reached: Reached): Promise<void> {
  const { root, careless } = site;
  if (careless === null) return installOver(root, running.slot, version, reached);
  const target = running.slot === 'a' ? 'b' : 'a';
  const { state } = await readState(root);
  const { content, manifestSha256 } = installable(version);
  if (state === null || content.kind !== 'tree') throw new Error('no state, or no tree');
  const signal = new AbortController().signal;
  await emptyTree(slotIn(root, target));
  await content.unpack(slotIn(root, target), signal);
  await reached('unpacked');
  if (careless === 'in-place') await syncTree(slotIn(root, target), signal);
  if (careless === 'unsynced') await syncFile(join(slotIn(root, target), 'bundle.json'));
  const next: SlotState = {
    ...state,
    active: target,
    trial: { triesLeft: 3, verified: careless === 'unsynced', asked: [] },
    slots: { ...state.slots, [target]: { condition: 'ready', version: version.version, manifestSha256 } },
  };
  if (careless === 'in-place') await writeFile(join(root, 'state.json'), stateText(next));
  else await writeState(root, next, (step) => reached(`active: ${step}`));
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/**
 * What is wrong with what is left: what starts, then whether a new version can be installed, started and kept, and does not
 * go away when it is started four times more. What is told meanwhile goes to `tell`.
 * @param how.really the launcher is a process; otherwise its decisions are made in this one
 */
export async function examine(
  site: Site,
  truth: Truth,
  { really, tell }: { really: boolean; tell: (line: string) => void },
): Promise<Wrong[]> {
  const { root } = site;
  const wrong: Wrong[] = [];
  const say = (line: string): void => {
    truth.take(line);
    tell(line);
  };
  const start = async (): Promise<Report> => {
    say('starting');
    const [started] = really ? await boot(root) : [await bootHere(root)];
    if (!started) throw new Error('nothing started');
    wrong.push(...truth.judge(started));
    say(`saw ${started.version}`);
    return started;
  };
  const found = await start().catch((error: unknown) => String(error));
  if (typeof found === 'string') return [{ kind: 'brick', what: found }];
  if (wrong.length > 0) return wrong;
  try {
    const version = await nextVersion(site);
    say(`confirmed ${found.version}`);
    say(`installing ${version.version}`);
    await installOver(root, found.slot, version);
    say(`installed ${version.version}`);
    const { slot } = await start();
    await slotsOf(root, slot).confirm();
    say(`confirmed ${version.version}`);
    for (let cycle = 0; cycle < 4; cycle++)
      await bootHere(root).then((one) => wrong.push(...truth.judge(one)));
  } catch (error) {
    wrong.push({ kind: 'retry', what: `the next installation fails: ${String(error)}` });
  }
  return wrong;
}
