#!/usr/bin/env node
/** The `vigie` command as it is installed: starts what was built, or says that nothing was built yet. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/runtime/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('Vigie is not built yet. Run `npm run setup` in its directory first\n');
  process.exitCode = 69;
}
