/**
 * What a schema cannot say about a configuration: polygons that hide what they seem to hide, names that are
 * unique, numbers that fit each other. Read by load.ts after the schema has passed. It changes nothing and
 * opens no file: a configuration that fails here never reaches a camera, so no camera starts with a hole in
 * its mask.
 */
import { isIPv4 } from 'node:net';
import { isAbsolute, relative, resolve } from 'node:path';
import { directionsFault } from '../../pipelines/mask/table.js';
import type { Direction, Point } from '../../pipelines/messages.js';

import { firstCrossing, polygonArea } from '../scene/polygon.js';
import { checkGround, checkSight } from './ground.js';
import { checkHead, checkHeadSensor } from './head.js';
import type { Config } from './schema.js';
import { checkOverlap, checkWatchedZone } from './watched-zone.js';
import type { Problem } from './wording.js';
import { behaviourNames } from './zones.js';

/** Least area of a zone, as a share of the picture: 9 pixels of a 1280x720 picture. */
export const leastZoneArea = 1e-5;

/** Everything that is wrong with a configuration whose shape is right. Empty when it may start a camera. */
export function checkConfig(config: Config): Problem[] {
  return [
    ...checkMaskZones(config),
    ...checkHead(config.head),
    ...checkHeadSensor(config.head, config.sensor),
    ...checkZones(config.zones, ['zones']),
    ...checkWatched(config),
    ...checkGround(config),
    ...checkSight(config),
    ...checkNoMask(config),
    ...checkThresholds(config),
    ...checkPersonMask(config),
    ...checkStore(config),
    ...checkWhen(config),
    ...checkListener(config),
  ];
}

/** With a head, zones are directions; without, shares of the picture: any other corner would hide the wrong place. */
function checkMaskZones({ mask, head }: Config): Problem[] {
  const kind = head ? 'directions' : 'points';
  const misplaced = mask.zones.flatMap((zone, index) => {
    if (zone[kind] && !zone[head ? 'points' : 'directions']) return [];
    const text = head
      ? 'is not given by directions alone, but the camera moves'
      : 'is not given by points alone';
    const hint = head
      ? 'Give its corners as directions'
      : 'Give its corners as points, or configure the head';
    return [{ path: ['mask', 'zones', index], text, hint }];
  });
  if (misplaced.length > 0) return misplaced;
  const path = ['mask', 'zones'];
  const corners = mask.zones.flatMap(({ points, directions }, index) =>
    points
      ? checkPolygon(points, [...path, index, 'points'])
      : checkDirections(directions ?? [], [...path, index, 'directions']),
  );
  return [...corners, ...checkNames(mask.zones, path)];
}

/** A zone that cannot be placed would hide the whole picture for ever (docs/mask.md, "Directions and the lens"). */
function checkDirections(directions: Direction[], path: PropertyKey[]): Problem[] {
  const text = directionsFault(directions);
  if (text === null) return [];
  const hint = 'List the corners in the order in which one walks around the zone, none far from the next';
  return [{ path, text, hint }];
}

function checkZones(zones: readonly { name: string; points: Point[] }[], path: PropertyKey[]): Problem[] {
  const corners = zones.flatMap(({ points }, index) => checkPolygon(points, [...path, index, 'points']));
  return [...corners, ...checkNames(zones, path)];
}

function checkWatched({ zones }: Config): Problem[] {
  const within = zones.flatMap((zone, index) => checkWatchedZone(zone, ['zones', index]));
  const idle = zones.flatMap((zone, index) => {
    if (behaviourNames.some((name) => zone[name])) return [];
    const hint = `Add one of: ${behaviourNames.join(', ')}`;
    return [{ path: ['zones', index], text: 'watches for nothing', hint }];
  });
  return [...within, ...idle];
}

function checkNames(zones: readonly { name: string }[], path: PropertyKey[]): Problem[] {
  const firstWith = new Map<string, number>();
  return zones.flatMap(({ name }, index) => {
    const key = name.normalize('NFC').trim().toLowerCase();
    const earlier = firstWith.get(key);
    if (earlier === undefined) {
      firstWith.set(key, index);
      return [];
    }
    const text = `has the name of zone ${earlier}; alerts and the log could not tell them apart`;
    return [{ path: [...path, index, 'name'], text, hint: 'Give each zone a name of its own' }];
  });
}

function checkPolygon(points: Point[], path: PropertyKey[]): Problem[] {
  const crossing = firstCrossing(points);
  if (crossing) {
    const [a, b] = crossing;
    const text = `the side from corner ${a} and the side from corner ${b} cross or touch`;
    return [
      { path, text, hint: 'List the corners in the order in which one walks around the zone, each once' },
    ];
  }
  if (Math.abs(polygonArea(points)) >= leastZoneArea) return [];
  const hint = 'Draw it larger, or remove it';
  return [{ path, text: 'the zone has no area, or next to none: it would hide or watch nothing', hint }];
}

function checkNoMask({ mask }: Config): Problem[] {
  const path = ['mask', 'noneBecause'];
  if (mask.zones.length === 0 && mask.noneBecause === undefined) {
    const text = 'is missing while mask.zones is empty';
    return [{ path, text, hint: 'Add the private zones, or write in noneBecause why this camera sees none' }];
  }
  if (mask.zones.length > 0 && mask.noneBecause !== undefined) {
    const text = 'says that there is nothing to hide, but mask.zones hides something';
    return [{ path, text, hint: 'Keep one of the two' }];
  }
  return [];
}

function checkThresholds({ detect }: Config): Problem[] {
  if (detect.lowThreshold <= detect.highThreshold) return [];
  const text = 'is above detect.highThreshold';
  return [{ path: ['detect', 'lowThreshold'], text, hint: 'Make it the lower one of the two' }];
}

/** What waits for the person mask takes no more than half of the memory that the process may take. */
function checkPersonMask({ personMask, picture, supervise }: Config): Problem[] {
  const { area, delaySeconds } = personMask;
  const problems = area ? checkPolygon(area, ['personMask', 'area']) : [];
  const frames = Math.ceil(Math.max(delaySeconds, 0.5) * picture.framesPerSecond) + 2;
  const bytes = frames * picture.width * picture.height * 1.5;
  if (personMask.enabled && bytes > supervise.memoryCeilingMiB * 2 ** 19) {
    const text = 'makes more pictures wait than half of supervise.memoryCeilingMiB holds';
    problems.push({
      path: ['personMask', 'delaySeconds'],
      text,
      hint: 'Lower it, or raise supervise.memoryCeilingMiB',
    });
  }
  return problems;
}

function checkStore({ record, encode }: Config): Problem[] {
  const problems: Problem[] = [];
  if (record.capacityMiB < 4 * record.segmentMiB) {
    const text = 'holds fewer than four segments: each new one would take a quarter or more of what is kept';
    const hint = 'Raise record.capacityMiB or lower record.segmentMiB';
    problems.push({ path: ['record', 'capacityMiB'], text, hint });
  }
  const twoSecondsBytes = 2 * encode.bitrateKbps * 125;
  if (record.segmentMiB * 2 ** 20 < twoSecondsBytes) {
    const text = 'is less than two seconds of video at encode.bitrateKbps';
    problems.push({ path: ['record', 'segmentMiB'], text, hint: 'Raise it, or lower encode.bitrateKbps' });
  }
  return [...problems, ...checkPlaces(record)];
}

function checkPlaces(record: Config['record']): Problem[] {
  const { second, segmentMiB } = record;
  const problems = checkMountPoint(record, ['record']);
  if (!second) return problems;
  problems.push(...checkMountPoint(second, ['record', 'second']));
  if (resolve('/', second.directory) === resolve('/', record.directory)) {
    const text = 'is the directory of the first store';
    const hint = 'Name another one, on another device';
    problems.push({ path: ['record', 'second', 'directory'], text, hint });
  }
  if (second.capacityMiB < 4 * segmentMiB) {
    const text = 'holds fewer than four segments: each new one would take a quarter or more of what is kept';
    const hint = 'Raise record.second.capacityMiB or lower record.segmentMiB';
    problems.push({ path: ['record', 'second', 'capacityMiB'], text, hint });
  }
  return problems;
}

/** What waits for an occasion is bounded by this too (docs/recording.md, O3). */
const ringBytes = 32 * 2 ** 20;
/** It holds what is told late, and the GOP that is being recorded. */
const besidesSeconds = 4;

function checkWhen({ record, encode, detect, zones }: Config): Problem[] {
  const problems: Problem[] = [];
  const { when, terminus } = record;
  const path = ['record', 'when'];
  const modes = [when.mode, ...when.schedule.map(({ mode }) => mode)];
  problems.push(...checkOverlap(when.schedule, [...path, 'schedule']));
  if (modes.includes('detection') && (!detect.enabled || zones.length === 0)) {
    const text = 'asks for detection, but nothing is looked for';
    const hint = 'Set detect.enabled and designate a zone, or record on motion';
    problems.push({ path: [...path, 'mode'], text, hint });
  }
  const seconds = Math.max(when.preRollSeconds, terminus.beforeSeconds) + besidesSeconds;
  const waits = modes.some((mode) => mode === 'motion' || mode === 'detection');
  if (waits && seconds * encode.bitrateKbps * 125 > ringBytes) {
    const text = 'is more than 32 MiB at encode.bitrateKbps, with record.terminus.beforeSeconds';
    problems.push({ path: [...path, 'preRollSeconds'], text, hint: 'Lower one of the three' });
  }
  return problems;
}

/** Otherwise the camera would wait for one card and write to another. */
function checkMountPoint(
  { directory, mountPoint }: { directory: string; mountPoint?: string | undefined },
  path: PropertyKey[],
): Problem[] {
  if (mountPoint === undefined) return [];
  const way = relative(mountPoint, directory);
  if (isAbsolute(directory) && way !== '..' && !way.startsWith('../')) return [];
  const text = 'does not hold the directory of the store';
  const hint = 'Give the directory as an absolute path below the mount point';
  return [{ path: [...path, 'mountPoint'], text, hint }];
}

function checkListener({ control }: Config): Problem[] {
  if (control.tls !== undefined || isLoopback(control.host)) return [];
  const text = 'is not a loopback address, and there is no control.tls';
  const hint = 'Add control.tls with a certificate and its key, or listen on 127.0.0.1';
  return [{ path: ['control', 'host'], text, hint }];
}

/** Whether only this machine can reach `host`. Anything doubtful, such as an IPv4 address in IPv6, is not. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
