/** Scenarios of ota-download.ts in which the downloading process itself meets its end, or the end of the disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadBench, DownloadScenario } from './ota-download.js';
import { begin, honest } from './ota-download-server.js';

const fetcher = join(import.meta.dirname, 'ota-download-fetcher.js');

function argumentsOf({ url, content, sha256 }: DownloadBench, file: string): string[] {
  return [fetcher, url, String(content.length), sha256, file];
}

async function ended(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said;
}

/** Each life gets some more bytes, and is killed when it has them. */
const killed: DownloadScenario = {
  row: 'cut',
  name: 'the process is killed in the middle, four times',
  run: async (bench) => {
    for (let life = 1; life <= 4; life++) {
      let child: ChildProcess | null = null;
      await bench.serve((visit) => {
        const start = begin(visit, bench.content.length, '"one"');
        const end = start + 50_000 + Math.floor(bench.random() * 250_000);
        visit.answer.write(bench.content.subarray(start, end));
        const look = setInterval(() => {
          void bench.kept().then((bytes) => bytes >= end && child?.kill('SIGKILL'));
        }, 5);
        visit.answer.once('close', () => clearInterval(look));
      });
      child = spawn(process.execPath, argumentsOf(bench, bench.file), {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await ended(child);
      bench.expect('ended by the kill', child.signalCode, 'SIGKILL');
      bench.cuts += 1;
    }
    const kept = await bench.kept();
    await bench.serve(honest(bench.content, '"one"'));
    bench.expect('ending', await bench.fetch(), null);
    bench.expect('asked for', bench.asked, [kept]);
  },
};

/** Why no small disk can be had here; null: it can. */
export async function noSmallDisk(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'mounting a small disk needs root';
  const child = spawn('unshare', ['--mount', 'true'], { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', resolve);
  });
  return code === 0 ? null : 'no mount namespace can be had';
}

/** The room that was there is gone in the middle: another program took it. */
const full: DownloadScenario = {
  row: 'full disk',
  name: 'the disk becomes full in the middle',
  run: async (bench) => {
    const disk = join(bench.directory, 'disk');
    await mkdir(disk);
    await bench.serve(honest(bench.content));
    const script = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"';
    const command = [process.execPath, ...argumentsOf(bench, join(disk, 'bundle'))];
    const child = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', script, disk, ...command],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    bench.expect('ending, and what is left', await ended(child), '{"ending":"space","left":[]}');
  },
};

export const processScenarios: readonly DownloadScenario[] = [killed];
/** Only where `noSmallDisk()` is null. */
export const diskScenarios: readonly DownloadScenario[] = [full];
