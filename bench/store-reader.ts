/** A reader beside the store that is measured, in its own process: `range` reads it as an export does, `check` verifies it. */
import { join } from 'node:path';
import { FileVault } from '../board/linux/file-vault.js';
import { StoreReader } from '../runtime/record/reader.js';
import { forgetFiles } from './page-cache.js';

const [what, store = ''] = process.argv.slice(2);
const directory = join(store, 'keys');
const vault = new FileVault({ file: join(directory, 'device.key') });

for (;;) {
  const reader = await StoreReader.open(store, { keys: { vault, directory } });
  if (what === 'check') await reader.check();
  else
    for await (const gop of reader.range(0, Number.MAX_SAFE_INTEGER / 1000))
      if (gop.units.length === 0) break;
  await forgetFiles(join(store, 'ring'));
}
