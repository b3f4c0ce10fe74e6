/**
 * The console's files, read once into memory. Served by http.ts to sessions only. The list is made at start from
 * the build: no path of a request ever reaches the file system.
 */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VigieError } from '../../errors.js';

export interface Asset {
  type: string;
  data: Buffer;
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * URL path -> file.
 * @throws VigieError of kind `internal` when the console was not built
 */
export async function readAssets(): Promise<Map<string, Asset>> {
  const directory = fileURLToPath(new URL('./console/', import.meta.url));
  const assets = new Map<string, Asset>();
  for (const name of await readdir(directory).catch(() => [])) {
    const type = types[name.split('.').at(-1) ?? ''];
    if (type) assets.set(`/${name}`, { type, data: await readFile(join(directory, name)) });
  }
  const index = assets.get('/index.html');
  if (!index || !assets.has('/main.js')) {
    throw new VigieError('internal', 'The console is not built', 'Run: npm run build');
  }
  assets.set('/', index);
  const msgpackr = join(dirname(createRequire(import.meta.url).resolve('msgpackr')), 'index-no-eval.min.js');
  assets.set('/lib/msgpackr.js', { type: types['js'] ?? '', data: await readFile(msgpackr) });
  return assets;
}
