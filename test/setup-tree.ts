/**
 * A small project for the tests of set-up: the real setup/ in a temporary directory, with stand-ins for the
 * programs it calls (apt-get, npm, the compiler, GStreamer's tools). The programs are faked, set-up is not.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../runtime/config/paths.js';

/** Nobody's user on Debian. */
const nobody = 65_534;

export interface Result {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  user?: boolean;
  /** options for Node itself */
  node?: string[];
  typed?: string;
}

/** What each stand-in does when it is called; every call is noted in the file `calls`. */
const standIns: Record<string, string> = {
  'dpkg-query': 'for name in $(cat "$TREE/debian"); do echo "installed $name"; done',
  'apt-get': 'echo "$@" | grep -q " install " && echo "$@" | tr " " "\\n" >> "$TREE/debian"; exit 0',
  npm: 'if [ "$1" = ci ]; then mkdir -p node_modules/addon && cp package-lock.json node_modules/.package-lock.json; else echo "" > node_modules/addon/index.js; fi',
  'pkg-config': 'mkdir -p "$TREE/plugins"; echo "$TREE/plugins"',
  'gst-inspect-1.0': 'echo list > "$GST_REGISTRY"',
  sudo: '[ "$1 $2" = "-n true" ] && exit; [ "$1" = -n ] && shift; exec "$@"',
};
const compiler = `const { cpSync, mkdirSync, writeFileSync } = require('node:fs');
if (require('node:fs').readFileSync('errors.ts', 'utf8').includes('mistake')) {
  console.log('errors.ts(1,1): error TS1: a mistake');
  process.exit(1);
}
for (const file of ['errors', 'models/convert/main']) {
  mkdirSync('dist/models/convert', { recursive: true });
  writeFileSync('dist/' + file + '.js', '');
}
`;

export class SetupTree {
  readonly root = mkdtempSync(join(tmpdir(), 'vigie-setup-'));
  readonly #programs = join(this.root, 'programs');

  constructor() {
    cpSync('setup', join(this.root, 'setup'), { recursive: true });
    this.write('setup/model.mjs', 'export async function fetchModel({ say }) { say("fetching"); }\n');
    this.write('package.json', '{"version": "0.0.1", "vigie": {"installScripts": ["addon"]}}');
    const packages = { '': {}, 'node_modules/addon': { version: '1.0.0', integrity: 'sha512-x' } };
    this.write('package-lock.json', JSON.stringify({ packages }));
    this.write('tsconfig.json', '{}');
    this.write('errors.ts', '');
    this.write('models/convert/main.ts', '');
    this.write('node_modules/typescript/bin/tsc', compiler);
    this.write('debian', 'all-of-them');
    mkdirSync(this.#programs);
    for (const name of ['sh', 'env', 'flock', 'cat', 'grep', 'tr', 'mkdir', 'cp', 'id']) this.link(name);
    for (const [name, script] of Object.entries(standIns)) this.program(name, script);
    mkdirSync(join(this.root, 'cache/sample'), { recursive: true });
    symlinkSync(join(cacheDirectory(), 'sample/vtest.avi'), join(this.root, 'cache/sample/vtest.avi'));
    this.installEverything();
  }

  /** Puts every Debian package in place. */
  installEverything(): void {
    const text = readFileSync('setup/debian.mjs', 'utf8');
    this.write('debian', [...text.matchAll(/^ {2}'([\w.+-]+)',$/gm)].map(([, name]) => name).join('\n'));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Replaces a program by a shell script. */
  program(name: string, script: string): void {
    const file = join(this.#programs, name);
    writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> "$TREE/calls"\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** The real program. */
  link(name: string): void {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(found, join(this.#programs, name));
  }

  without(name: string): void {
    rmSync(join(this.#programs, name));
  }

  /** Programs called so far, one line each. */
  calls(): string[] {
    return this.read('calls').trimEnd().split('\n');
  }

  /** Lets another user work in the tree. */
  openToAll(): void {
    const clip = join(this.root, 'cache/sample/vtest.avi');
    // the cache may lie where another user cannot read, and there is a link to it
    if (lstatSync(clip).isSymbolicLink()) {
      rmSync(clip);
      copyFileSync(join(cacheDirectory(), 'sample/vtest.avi'), clip);
    }
    spawnSync('chmod', ['-R', 'a+rwX', this.root]);
  }

  /**
   * Runs set-up. `user`: as a user without rights, when the test itself has them. `typed`: on a terminal, where
   * a person types this line as soon as a password is asked for; all output is then in `out`.
   */
  run(args = ['--for', 'start'], { user = false, node = [], typed }: RunOptions = {}): Promise<Result> {
    const env = {
      TREE: this.root,
      PATH: this.#programs,
      VIGIE_CACHE: join(this.root, 'cache'),
      HOME: this.root,
    };
    const asNobody = user && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    const plain = [process.execPath, ...node, join(this.root, 'setup/main.mjs'), ...args];
    // script(1) gives a terminal to the program it runs
    const terminal = ['/usr/bin/script', '--quiet', '--return', '--command', plain.join(' '), '/dev/null'];
    const [program = '', ...words] = typed === undefined ? plain : terminal;
    const child = spawn(program, words, { env, cwd: this.root, ...asNobody });
    const result: Result = { code: -1, out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.out += text;
      if (typed !== undefined && text.includes('password: ')) child.stdin.end(`${typed}\n`);
      this.onOutput?.(result.out);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      result.err += text;
    });
    if (typed === undefined) child.stdin.end();
    return new Promise((done) => child.on('close', (code) => done({ ...result, code: code ?? -1 })));
  }

  /** called with all that set-up has printed so far */
  onOutput: ((text: string) => void) | undefined;

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
