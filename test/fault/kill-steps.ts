/**
 * Every write, sync, rename and making of a directory that a process does, named by what the store is at, so that it can die
 * in the one it was told. Put under the whole process by store-writer.ts, below the store: nothing that it writes is missed.
 */
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';

/** What the writer of a store can be at (docs/store.md), closed. */
export const stepKinds = [
  'device key',
  'ring made',
  'key slots made',
  'description written again',
  'keys of a segment',
  'segment header',
  'record',
  'record, the first after a start',
  'copy under terminus',
  'record behind a held segment',
  'end mark',
  'sealed index',
  'key destroyed',
] as const;
export type StepKind = (typeof stepKinds)[number];

/** Kinds that only a store without a ring goes through. */
export const firstKinds: readonly StepKind[] = ['device key', 'ring made', 'key slots made'];

/** `before`: nothing of the call is done; `half`: a part of a write is; `after`: all, and it has not returned. */
export const moments = ['before', 'half', 'after'] as const;
export type Moment = (typeof moments)[number];

export interface Death {
  kind: StepKind;
  /** the how many-th of its kind, from 1 */
  at: number;
  moment: Moment;
}

/** What the writer says it is doing, where files alone do not tell. */
export interface Doing {
  record:
    | 'record'
    | 'record, the first after a start'
    | 'copy under terminus'
    | 'record behind a held segment';
}

type Call = { what: 'write'; data: Buffer; position: number; size: number } | { what: 'other' };

function kindOf(path: string, call: Call, last: StepKind | undefined, doing: Doing): StepKind | null {
  const name = basename(path);
  if (name.startsWith('device.key')) return 'device key';
  if (path.includes('ring.new')) return 'ring made';
  if (name === 'keys' || (name.startsWith('slots-') && name.endsWith('.new'))) return 'key slots made';
  if (name.startsWith('store.json')) return 'description written again';
  if (call.what !== 'write') return last ?? null;
  if (name.startsWith('slots-')) return call.data.length > 512 ? 'keys of a segment' : 'key destroyed';
  if (!name.endsWith('.seg')) return null;
  if (call.position === 0) return 'segment header';
  if (call.position + call.data.length === call.size) return 'sealed index';
  return call.data.length === 24 ? 'end mark' : doing.record;
}

/** A key slot is a sector, which is written whole or not; anything else may be cut anywhere. */
function half(path: string, bytes: number): number {
  return basename(path).startsWith('slots-') ? Math.floor(bytes / 1024) * 512 : bytes >> 1;
}

/** Makes this process die in that call. Files that are open already are not seen. */
export function dieAt(death: Death, doing: Doing): void {
  let left = death.at;
  const last = new Map<string, StepKind>();
  const through = async <T>(
    path: string,
    call: Call,
    whole: () => Promise<T>,
    part: () => Promise<unknown>,
  ): Promise<T> => {
    const kind = kindOf(path, call, last.get(path), doing);
    if (kind) last.set(path, kind);
    if (kind !== death.kind || --left > 0) return whole();
    if (death.moment === 'half') await part();
    else if (death.moment === 'after') await whole();
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  };
  const nothing = async (): Promise<void> => undefined;
  const { open, rename, link, mkdir } = fs;
  const patched = {
    open: async (...args: Parameters<typeof open>) => watched(await open(...args), String(args[0]), through),
    rename: (from: string, to: string) => through(from, { what: 'other' }, () => rename(from, to), nothing),
    link: (from: string, to: string) => through(from, { what: 'other' }, () => link(from, to), nothing),
    mkdir: (...args: Parameters<typeof mkdir>) =>
      through(String(args[0]), { what: 'other' }, () => mkdir(...args), nothing),
  };
  Object.assign(fs, patched);
  syncBuiltinESMExports();
}

type Through = <T>(
  path: string,
  call: Call,
  whole: () => Promise<T>,
  part: () => Promise<unknown>,
) => Promise<T>;

/** The same handle, its writes and syncs going `through`. A directory counts as what was last done in it. */
function watched(handle: FileHandle, path: string, through: Through): FileHandle {
  const write = handle.write.bind(handle) as (
    data: Buffer,
    from: number,
    length: number,
    position: number,
  ) => Promise<{ bytesWritten: number; buffer: Buffer }>;
  const [writeFile, sync, datasync, stat] = [
    handle.writeFile.bind(handle),
    handle.sync.bind(handle),
    handle.datasync.bind(handle),
    handle.stat.bind(handle),
  ];
  const other = { what: 'other' } as const;
  const nothing = async (): Promise<void> => undefined;
  return Object.assign(handle, {
    write: async (data: Buffer, from: number, length: number, position: number) => {
      const { size } = await stat();
      const bytes = data.subarray(from, from + length);
      const part = (): Promise<unknown> => write(data, from, half(path, length), position);
      return through(
        path,
        { what: 'write', data: bytes, position, size },
        () => write(data, from, length, position),
        part,
      );
    },
    writeFile: (data: string | Buffer) => {
      const whole = Buffer.from(data);
      return through(
        path,
        other,
        () => writeFile(whole),
        () => writeFile(whole.subarray(0, whole.length >> 1)),
      );
    },
    sync: () => through(directoryOf(path), other, sync, nothing),
    datasync: () => through(path, other, datasync, nothing),
  });
}

/** The ring's own directory is synced when the description is in it; any other when it is made. */
function directoryOf(path: string): string {
  return basename(path) === 'ring' ? `${dirname(path)}/ring/store.json` : path;
}
