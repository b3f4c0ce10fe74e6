/**
 * What goes over the WebSocket, both ways (docs/protocol.md). Client messages are checked here at the door;
 * server messages are types that connection.ts fills. Never grows a message that carries an unmasked picture.
 */
import { z } from 'zod';
import type { UpdateStatus } from '../../ota/update.js';
import type { Point } from '../../pipelines/messages.js';
import type { Right } from '../access/rights.js';
import type { HeadPlaces, HeadState } from '../head/head-state.js';
import type { Health } from '../health/health.js';
import type { ZonesInForce } from '../mask-zones/mask-zones.js';
import type { Alert, AlertUpdate } from '../scene/alert.js';
import { headRequests } from './head-requests.js';
import { maskRequests } from './mask-requests.js';
import { updateRequests } from './update-requests.js';

export const protocolVersion = 1;

/** What the operator says of an alert; null: seen, without a judgement. */
export const verdict = z.enum(['true', 'false', 'unclear']).nullable();
export type Verdict = z.infer<typeof verdict>;

export const acknowledgement = z.strictObject({
  /** user name */
  by: z.string().max(64),
  verdict,
  /** wall clock, milliseconds */
  atMs: z.number(),
});
export type Acknowledgement = z.infer<typeof acknowledgement>;

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const fromClient = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('hello'),
    protocol: z.literal(protocolVersion),
    language: z.enum(['fr', 'en']),
  }),
  z.strictObject({ t: z.literal('live.start') }),
  z.strictObject({ t: z.literal('live.stop') }),
  z.strictObject({ t: z.literal('alerts.since'), number: count }),
  z.strictObject({ t: z.literal('alert.ack'), id: z.string().min(1).max(64), verdict }),
  z.strictObject({ t: z.literal('health.get') }),
  z.strictObject({ t: z.literal('snapshot.get'), id: count }),
  z.strictObject({ t: z.literal('ping') }),
  ...headRequests,
  ...maskRequests,
  ...updateRequests,
]);
export type FromClient = z.infer<typeof fromClient>;
export type RequestName = FromClient['t'];

/** The right each request needs; null: any session. */
export const rightOf: Record<RequestName, Right | null> = {
  hello: null,
  'live.start': 'live',
  'live.stop': 'live',
  'alerts.since': 'alerts',
  'alert.ack': 'alerts',
  'health.get': 'health',
  'snapshot.get': 'live',
  ping: null,
  'head.watch': 'ptz',
  'head.move': 'ptz',
  'head.step': 'ptz',
  'head.drive': 'ptz',
  'head.halt': 'ptz',
  'head.home': 'ptz',
  'head.preset': 'ptz',
  'head.patrol': 'ptz',
  'mask.get': 'live',
  'mask.picture': 'live',
  'mask.set': 'mask',
  'mask.configured': 'mask',
  'update.get': 'update',
  'update.check': 'update',
  'update.install': 'update',
  'update.confirm': 'update',
  'update.rollback': 'update',
};

export const errorTexts = {
  'bad-message': { fr: 'Message non conforme au protocole', en: 'The message does not fit the protocol' },
  'hello-first': { fr: 'Le premier message doit être « hello »', en: 'The first message must be hello' },
  forbidden: { fr: "Vous n'avez pas ce droit", en: 'You do not have this right' },
  'unknown-alert': { fr: "Cette alerte n'existe pas ou plus", en: 'There is no such alert any more' },
  busy: { fr: 'La demande précédente est encore en cours', en: 'The request before is still being answered' },
  'head-refused': {
    fr: 'La tourelle ne prend pas cet ordre pour l’instant',
    en: 'The head does not take this order now',
  },
  'mask-refused': {
    fr: 'Les zones privées restent comme elles sont',
    en: 'The private zones stay as they are',
  },
  'update-refused': {
    fr: 'La mise à jour ne prend pas cet ordre pour l’instant',
    en: 'The update does not take this order now',
  },
  unavailable: { fr: "Image indisponible pour l'instant", en: 'No picture is to be had just now' },
} as const;
export type ErrorCode = keyof typeof errorTexts;

export const closeCodes = {
  goingAway: 1001,
  badMessage: 4400,
  sessionEnded: 4401,
  noHello: 4408,
  tooFarBehind: 4413,
  tooManyRequests: 4429,
} as const;

/** A designated zone as it is drawn over the live picture; all in shares of the picture. */
export interface DesignatedZone {
  name: string;
  /** corners */
  points: Point[];
  /** ends of its tripwire */
  line?: [Point, Point] | undefined;
  /** a point on the side of the tripwire that nobody may cross to; absent: neither way */
  towards?: Point | undefined;
  /** the common direction, from one point to the other */
  from?: Point | undefined;
  to?: Point | undefined;
}

export interface Welcome {
  t: 'welcome';
  protocol: typeof protocolVersion;
  user: string;
  rights: readonly Right[];
  version: string;
  camera: { id: string; name: string };
  picture: { width: number; height: number; framesPerSecond: number };
  zones: DesignatedZone[];
  alerts: { last: number; pending: number };
  /** null: the camera does not move */
  head: HeadPlaces | null;
}

/** A masked picture to draw zones on. */
export interface MaskPicture {
  t: 'mask.picture';
  id: number;
  /** names the picture when a drawing on it is sent */
  number: number;
  wallMs: number;
  jpeg: Uint8Array;
  /** false: hidden as a whole, or not known where the camera looked */
  drawable: boolean;
  /** of the zones in force, as far as they can be shown; corners as shares of the picture, also outside it */
  outlines: { name: string; points: Point[] }[];
}

export type FromServer =
  | Welcome
  | { t: 'live.init'; mime: string; data: Uint8Array }
  | { t: 'live.fragment'; key: boolean; wallMs: number; data: Uint8Array }
  | {
      t: 'alert';
      alert: Alert;
      acked: Acknowledgement | null;
      update: AlertUpdate | null;
      picture?: Uint8Array;
    }
  | { t: 'alert.updated'; update: AlertUpdate }
  | { t: 'alert.picture'; id: string; jpeg: Uint8Array }
  | { t: 'alert.acked'; id: string; number: number; acked: Acknowledgement }
  | { t: 'alerts.end'; upTo: number; more: boolean }
  | { t: 'health'; health: Health }
  | { t: 'snapshot'; id: number; wallMs: number; jpeg: Uint8Array }
  | { t: 'head'; state: HeadState }
  | ({ t: 'mask'; moves: boolean } & ZonesInForce)
  | MaskPicture
  | { t: 'update'; status: UpdateStatus; re: RequestName | null }
  | { t: 'pong' }
  | { t: 'error'; code: ErrorCode; message: { fr: string; en: string }; re: RequestName | null };
