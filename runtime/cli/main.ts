/** The `vigie` command as a process: runs one command line, and ends with its exit code. */
import { runCommandLine } from './program.js';

// The web server's native loop would keep the process alive; what had to be closed has been closed.
process.exit(await runCommandLine(process.argv.slice(2)));
