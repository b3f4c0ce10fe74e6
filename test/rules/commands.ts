/** What the `vigie` command and the npm scripts really take: its commands as they are made, and package.json. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { vigieProgram } from '../../runtime/cli/program.js';

export interface Commands {
  /** `store`, `store check`, ... and '' for the command itself */
  names: Set<string>;
  /** long options of each, those of its parents included */
  options: Map<string, Set<string>>;
}

/** Walks the command and every command below it. */
export async function vigieCommands(): Promise<Commands> {
  const commands: Commands = { names: new Set(), options: new Map() };
  readCommand(commands, await vigieProgram(), [], new Set());
  return commands;
}

function readCommand(
  commands: Commands,
  command: Command,
  path: string[],
  inherited: ReadonlySet<string>,
): void {
  const shown = command.createHelp();
  const own = shown.visibleOptions(command).flatMap(({ long }) => long ?? []);
  const options = new Set([...inherited, ...own]);
  commands.names.add(path.join(' '));
  commands.options.set(path.join(' '), options);
  for (const below of shown.visibleCommands(command)) {
    if (below.name() !== 'help') readCommand(commands, below, [...path, below.name()], options);
  }
}

/** What `--help` prints of one command: its long options, and the commands below it. */
export function helpOf(path: readonly string[]): { options: Set<string>; below: string[] } {
  const help = execFileSync(process.execPath, ['setup/vigie.mjs', ...path, '--help'], { encoding: 'utf8' });
  const list = help.split(/^Commands:$/m)[1] ?? '';
  return {
    options: new Set(
      [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)/gm)].flatMap(([, name]) => name ?? []),
    ),
    below: [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name]) => name ?? []),
  };
}

export function npmScripts(): Map<string, string> {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  return new Map(Object.entries(scripts));
}

/** What is wrong with a command that a page shows; undefined when nothing is, or when it is not one of ours. */
export function wrongCommand(
  code: string,
  commands: Commands,
  scripts: ReadonlyMap<string, string>,
): string | undefined {
  const npm = /^npm (?:run )?([a-z:]+)(?: -- (.*))?$/.exec(code);
  if (npm && !['ci', 'install', 'link', 'pack', 'rebuild'].includes(npm[1] ?? '')) {
    const [, script = '', rest = ''] = npm;
    if (!scripts.has(script)) return `there is no npm script ${script}`;
    if (script === 'test') return wrongFilter(rest);
    return script === 'start' ? wrongOptions('demo', rest, commands) : undefined;
  }
  const vigie = /^(?:npx )?vigie(?: (.*))?$/.exec(code.replace('node setup/vigie.mjs', 'vigie'));
  if (!vigie) return undefined;
  const words = (vigie[1] ?? '').split(' ');
  let name = '';
  for (const word of words) {
    const longer = name === '' ? word : `${name} ${word}`;
    if (!commands.names.has(longer)) break;
    name = longer;
  }
  const next = words[name === '' ? 0 : name.split(' ').length] ?? '';
  const hasCommandsBelow = [...commands.names].some(
    (other) => other.startsWith(name === '' ? '' : `${name} `) && other !== name,
  );
  if (/^[a-z]+$/.test(next) && hasCommandsBelow)
    return `there is no command vigie ${`${name} ${next}`.trim()}`;
  return wrongOptions(name, vigie[1] ?? '', commands);
}

/** `npm test -- word` is shown where a test has the word in its path. */
function wrongFilter(words: string): string | undefined {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.test.ts'),
  );
  const alone = words.split(' ').find((word) => !files.some((file) => file.includes(word)));
  return alone === undefined ? undefined : `no test has ${alone} in its path`;
}

function wrongOptions(name: string, text: string, commands: Commands): string | undefined {
  const known = commands.options.get(name) ?? new Set();
  const unknown = (text.match(/--[a-z][a-z-]*/g) ?? []).filter((option) => !known.has(option));
  return unknown.length === 0 ? undefined : `vigie ${name} takes no ${unknown.join(', ')}`;
}
