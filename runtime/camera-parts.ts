/** What the composition root works out before it starts anything: options of the pipeline process, the mask. */
import { isAbsolute, join } from 'node:path';
import type { Log } from '../board/ports.js';
import { loadProfile } from '../board/profile.js';
import { encoderPart, sensorPart } from '../board/sensor.js';
import { findModel, modelPaths } from '../models/manifest.js';
import { filesOf, verifiedBytes } from '../models/verify.js';
import type { DetectOptions, MaskTable, PersonMaskOptions, PipelineOptions } from '../pipelines/messages.js';
import type { Authority } from './access/authorisation.js';
import type { Archive } from './archive.js';
import { inputSize } from './config/detect.js';
import { modelDirectory } from './config/paths.js';
import type { Config } from './config/schema.js';
import { behaviourNames, type WatchedZone } from './config/zones.js';
import type { DesignatedZone } from './control/protocol.js';
import { headOptions } from './head-parts.js';
import { MaskZones, type MaskZonesDeps } from './mask-zones/mask-zones.js';
import { ZoneFile } from './mask-zones/zone-file.js';
import { eventOf } from './scene/behaviours/list.js';

/** The private zones as the configuration has them. */
export function configuredZones({ mask }: Config): { zones: MaskTable['zones']; noneBecause: string | null } {
  return { zones: mask.zones.map(maskZone), noneBecause: mask.noneBecause ?? null };
}

/** The private zones in force; each table that changes them is kept for the log before `setMask` hands it on. */
export function maskZones(
  log: Log,
  archive: Archive,
  {
    config,
    stateDirectory,
    setMask,
  }: { config: Config; stateDirectory: string; setMask: MaskZonesDeps['setMask'] },
): MaskZones {
  const lens = headOptions(config.head)?.lens ?? null;
  const file = new ZoneFile(join(stateDirectory, 'mask', 'zones.json'));
  const deps: MaskZonesDeps = {
    log,
    file,
    tables: () => archive.masks.kept(),
    keep: (table) => archive.masks.keep(table, lens),
    tell: (event) => archive.tell(event),
    setMask,
  };
  return new MaskZones(deps, { configured: configuredZones(config), size: config.picture, lens });
}

/** checks.ts has seen to it that a zone has the one kind of corners that its camera takes. */
function maskZone({
  name,
  points = [],
  directions,
}: Config['mask']['zones'][number]): MaskTable['zones'][number] {
  return directions ? { name, directions } : { name, points };
}

/** The designated zones that the authorisation lets this camera watch, each with the behaviours that it names. */
export function allowedZones(config: Config, authority: Authority): WatchedZone[] {
  if (!authority.mayRecord) return [];
  return config.zones.flatMap((zone) => {
    const refused = behaviourNames.filter((name) => !authority.mayWatch(zone.name, eventOf[name]));
    const left = { ...zone };
    for (const name of refused) delete left[name];
    return behaviourNames.some((name) => left[name]) ? [left] : [];
  });
}

/** A designated zone as the console draws it. */
export function drawnZone({ name, points, crossing, direction }: WatchedZone): DesignatedZone {
  return {
    name,
    points,
    ...(crossing && { line: crossing.line }),
    ...(crossing?.towards && { towards: crossing.towards }),
    ...(direction && { from: direction.from, to: direction.to }),
  };
}

/** Motion is measured this often: a person who walks is seen in several measures. */
const motionRate = 5;

/**
 * Options of the pipeline process. Nothing is analysed unless a zone may be watched or people must be covered; motion is
 * measured only where a mode of recording asks for it, and recording is allowed.
 * @throws VigieError `source`, `config` or `model`
 */
export async function pipelineOptions(
  config: Config,
  zones: readonly WatchedZone[],
  { mayRecord, personMask }: Pick<Authority, 'mayRecord' | 'personMask'>,
): Promise<PipelineOptions> {
  const profile = loadProfile(config.board);
  const { width, height, framesPerSecond } = config.picture;
  return {
    ...(await sensorPart(config.sensor, config.picture, profile)),
    ...encoderPart(config.encode.bitrateKbps, config.picture, profile),
    width,
    height,
    rate: { numerator: Math.round(framesPerSecond * 1000), denominator: 1000 },
    head: headOptions(config.head),
    detect:
      config.detect.enabled && (zones.length > 0 || (mayRecord && personMask !== null))
        ? await detectOptions(config.detect, zones, config.picture)
        : null,
    personMask: personMaskOptions(config, personMask, zones.length > 0),
    motion: mayRecord && recordsOnMotion(config) ? { ratePerSecond: motionRate } : null,
  };
}

/** The stricter of what the configuration and the authorisation say; null when neither asks for it. */
export function personMaskOptions(
  { personMask: { enabled, area, cover, ...asked } }: Config,
  due: Authority['personMask'],
  watched: boolean,
): PersonMaskOptions | null {
  if (!enabled && due === null) return null;
  return { ...asked, cover: due === 'bodies' ? due : cover, area: area ?? null, only: !watched };
}

function recordsOnMotion({ record: { when } }: Config): boolean {
  return when.mode === 'motion' || when.schedule.some(({ mode }) => mode === 'motion');
}

/** The model's files are checked here too, so that a camera does not start with one that will be refused. */
async function detectOptions(
  { enabled: _, model: name, onlyWhereItMoves, fullLookSeconds, ...options }: Config['detect'],
  zones: readonly WatchedZone[],
  picture: Config['picture'],
): Promise<DetectOptions> {
  const model = findModel(name);
  const modelFile = modelPaths(model, modelDirectory()).onnxFile;
  const modelSha256 = model.onnx.sha256;
  for (const file of filesOf(model, options.engine, modelFile)) await verifiedBytes(file);
  return {
    ...options,
    ...inputSize(picture, options),
    modelFile,
    modelSha256,
    fullLookSeconds: onlyWhereItMoves ? fullLookSeconds : null,
    occupancyZones: zones.filter(({ density }) => density).map(({ name, points }) => ({ name, points })),
    stills: zones.some(({ abandoned }) => abandoned),
  };
}

/** A path of the configuration: relative ones start in the state directory. */
export function inState(stateDirectory: string, path: string): string {
  return isAbsolute(path) ? path : join(stateDirectory, path);
}
