/** A process that downloads, to be killed or to run out of room; started by ota-download-process.ts. Prints how it ended. */
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../../board/linux/clock.js';
import { download } from '../../ota/download/download.js';
import { DownloadError } from '../../ota/download/ending.js';

const [url = '', bytes = '', sha256 = '', file = ''] = process.argv.slice(2);
const log = { info: () => {}, warn: () => {}, error: () => {} };
const options = {
  minimumBytesPerSecond: 1,
  overSeconds: 60,
  limitBytesPerSecond: null,
  reserveBytes: 0,
  mayGoOn: () => true,
};
const ending = await download(
  // As if there were room: what is to be met is the file system itself.
  { clock: systemClock, log, space: async () => ({ freeBytes: 1e12 }) },
  options,
  { url, bytes: Number(bytes), sha256, file },
  () => {},
  new AbortController().signal,
)
  .then(() => null)
  .catch((error: unknown) => (error instanceof DownloadError ? error.reason : String(error)));
process.stdout.write(JSON.stringify({ ending, left: await readdir(dirname(file)) }));
