/**
 * Which models of the integrator may run now, and which are refused and why. Asked by looking.ts each time it works out the
 * options of the pipeline process, which checks again for itself. Nothing here makes up for a key or a signature.
 */
import { asVigieError } from '../errors.js';
import { admit } from '../models/gate.js';
import { refusalOf } from '../models/refusal.js';
import { readList, readTrustedPem, type SlotTask, slotTask, trustedKey } from '../models/signed-list.js';
import type { SlotOptions } from '../pipelines/messages.js';
import { inState } from './camera-parts.js';
import type { Config, WatchedZone } from './config/schema.js';
import type { RefusedModel } from './health/model-notices.js';

export interface SlotModels {
  slots: SlotOptions[];
  refused: RefusedModel[];
  /** asked for by a zone, and nothing that could see it */
  absent: SlotTask[];
  /** what this was read from, for who waits for a change */
  files: string[];
}

/** The tasks of slots that these zones are watched for. */
export function slotsAsked(zones: readonly WatchedZone[]): SlotTask[] {
  return slotTask.options.filter((task) => zones.some((zone) => zone[task]));
}

/**
 * The slots that these zones ask for.
 * @param failing names of models that failed when they ran
 */
export async function slotModels(
  { models }: Pick<Config, 'models'>,
  {
    zones,
    stateDirectory,
    failing,
  }: { zones: readonly WatchedZone[]; stateDirectory: string; failing: ReadonlySet<string> },
): Promise<SlotModels> {
  const asked = slotsAsked(zones);
  if (asked.length === 0 || !models) return { slots: [], refused: [], absent: asked, files: [] };
  const listFile = inState(stateDirectory, models.manifestFile);
  const trustFile = inState(stateDirectory, models.trustFile);
  const found: SlotModels = { slots: [], refused: [], absent: [], files: [listFile, trustFile] };
  const running = new Set<SlotTask>();
  try {
    const publicKey = await readTrustedPem(trustFile);
    const list = await readList(listFile, trustedKey(publicKey));
    for (const { name, task, file, sha256 } of list.models.filter((model) => asked.includes(model.task))) {
      found.files.push(inState(listFile.slice(0, listFile.lastIndexOf('/')), file));
      try {
        await admit({ listFile, publicKey, name });
        if (failing.has(name)) found.refused.push({ part: 'slot', name, reason: 'engine' });
        else {
          found.slots.push({ listFile, publicKey, name, modelSha256: sha256 });
          running.add(task);
        }
      } catch (error) {
        found.refused.push({ part: 'slot', name, reason: reasonOf(error) });
      }
    }
  } catch (error) {
    found.refused.push({ part: 'list', reason: reasonOf(error) });
  }
  return { ...found, absent: asked.filter((task) => !running.has(task)) };
}

/** What is no refusal is a defect of ours; it must not pass for one of the model's, but neither may it run. */
function reasonOf(error: unknown): RefusedModel['reason'] {
  const reason = refusalOf(error);
  if (reason) return reason;
  throw asVigieError(error);
}
