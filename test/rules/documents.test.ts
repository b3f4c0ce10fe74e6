/** The pages name only what exists, and say of dependencies and errors what the code says. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../errors.js';
import { helpOf, npmScripts, vigieCommands, wrongCommand } from './commands.js';
import { codeIn, isThere, linksIn, type Page, pages, pathsIn, tableUnder } from './markdown.js';
import { productDirectories, type Source, sourcesIn } from './source.js';

interface Package {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  vigie: { installScripts: string[] };
}

function deadPaths({ path, text }: Page): string[] {
  const code = codeIn(text).flatMap(pathsIn);
  const links = linksIn(text).map((target) => posix.join(posix.dirname(path), target));
  return [...code, ...links].filter((target) => !isThere(target)).map((target) => `${path} names ${target}`);
}

/** Rows of a page's table against what they should say; empty when they are equal. */
function differences(rows: string[][], expected: string[][]): string[] {
  const written = rows.map((row) => row.join(' | '));
  const wanted = expected.map((row) => row.join(' | '));
  return [
    ...wanted.filter((row) => !written.includes(row)).map((row) => `missing: ${row}`),
    ...written.filter((row) => !wanted.includes(row)).map((row) => `should not be there: ${row}`),
  ];
}

test('the pages name only files that exist', () => {
  assert.deepEqual(pages().flatMap(deadPaths), []);
});

test('negative control: a file that does not exist is found, in code and in a link', () => {
  const text =
    'See `runtime/nowhere.ts`, [this](gone.md#part) and `test/nothing-*.ts`, but `npm/x` and `a/b` are not ours.';
  assert.deepEqual(deadPaths({ path: 'docs/a.md', text }).length, 3);
  assert.deepEqual(
    deadPaths({ path: 'docs/a.md', text: '`pipelines/mask/` [x](errors.md) `docs/*.md`' }),
    [],
  );
});

/** Headings that stand twice under the same one: what a merge leaves, and links then lead to the first only. */
function doubledHeadings({ path, text }: Page): string[] {
  const seen = new Set<string>();
  let above = '';
  const doubled: string[] = [];
  for (const [, level = '', title = ''] of text
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^(#{2,3}) (.+)$/gm)) {
    if (level === '##') above = title;
    const heading = level === '##' ? title : `${above} / ${title}`;
    if (seen.has(heading)) doubled.push(`${path}: ${heading}`);
    seen.add(heading);
  }
  return doubled;
}

test('no page has a heading twice', () => {
  assert.deepEqual(pages().flatMap(doubledHeadings), []);
  const text = '## One\n### Made\n## Two\n### Made\n## One\n';
  assert.deepEqual(doubledHeadings({ path: 'docs/a.md', text }), ['docs/a.md: One']);
});

/** Pages and tests that a comment or a message sends its reader to, and that are not there. */
function deadMentions({ path, text }: Source): string[] {
  const named = text.match(/\b(?:docs\/[\w-]+\.md|test\/[\w/-]+\.test\.ts)\b/g) ?? [];
  return [...new Set(named)].filter((target) => !isThere(target)).map((target) => `${path} names ${target}`);
}

test('the sources send their reader only to pages and tests that exist', () => {
  assert.deepEqual(sourcesIn([...productDirectories, 'setup', 'bench']).flatMap(deadMentions), []);
  const text = '/** See docs/' + 'nowhere.md and docs/errors.md; held by test/rules/' + 'nothing.test.ts. */';
  assert.equal(deadMentions({ path: 'runtime/a.ts', text }).length, 2);
});

test('the pages show only commands, options and scripts that exist', async () => {
  const commands = await vigieCommands();
  assert.ok(commands.names.has('store check'), [...commands.names].join(', '));
  const wrong = pages().flatMap(({ path, text }) =>
    codeIn(text)
      .flatMap((code) => wrongCommand(code, commands, npmScripts()) ?? [])
      .map((what) => `${path}: ${what}`),
  );
  assert.deepEqual(wrong, []);
});

test('the commands are those that --help prints, with their options', async () => {
  const { names, options } = await vigieCommands();
  for (const path of [[], ['store'], ['store', 'export']]) {
    const name = path.join(' ');
    const printed = helpOf(path);
    const inherited = path.flatMap((_, depth) => [...(options.get(path.slice(0, depth).join(' ')) ?? [])]);
    assert.deepEqual(options.get(name), new Set([...inherited, ...printed.options]), name);
    const depth = path.length + 1;
    const below = [...names].filter(
      (other) =>
        other !== '' && other.startsWith(name) && other.split(' ').length === depth && other !== name,
    );
    assert.deepEqual(
      below.map((other) => other.split(' ').at(-1)),
      printed.below.filter((other) => other !== 'help'),
      name,
    );
  }
});

test('negative control: a command, an option or a script that does not exist is found', () => {
  const options = new Set(['--help', '--for']);
  const commands = {
    names: new Set(['', 'demo', 'store', 'store check']),
    options: new Map(['', 'demo', 'store', 'store check'].map((name) => [name, options])),
  };
  const scripts = new Map([
    ['start', ''],
    ['test', ''],
  ]);
  const wrong = (code: string) => wrongCommand(code, commands, scripts);
  for (const code of [
    'vigie fly',
    'vigie store burn',
    'npx vigie demo --fast',
    'npm run fly',
    'npm start -- --fast',
    'npm test -- no-such-test',
  ]) {
    assert.notEqual(wrong(code), undefined, code);
  }
  for (const code of [
    'vigie demo --for 3',
    'vigie store check DIR',
    'npm test -- unit',
    'npm ci',
    'vigies',
    'vigie',
  ]) {
    assert.equal(wrong(code), undefined, code);
  }
});

test('every page is in the index', () => {
  const index = linksIn(readFileSync('docs/index.md', 'utf8'));
  const missing = pages().filter(
    ({ path }) => path.startsWith('docs/') && path !== 'docs/index.md' && !index.includes(path.slice(5)),
  );
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  );
});

test('docs/dependencies.md equals package.json, licences included', () => {
  const page = readFileSync('docs/dependencies.md', 'utf8');
  const { dependencies, devDependencies, vigie } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  ) as Package;
  const rows = (list: Record<string, string>) =>
    Object.entries(list).map(([name, version]) => {
      const { license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as {
        license: string;
      };
      return [`\`${name}\``, version, license];
    });
  const written = (heading: string) => tableUnder(page, heading).map((row) => row.slice(0, 3));
  assert.deepEqual(differences(written('At run time'), rows(dependencies)), []);
  assert.deepEqual(differences(written('For building and testing'), rows(devDependencies)), []);
  const builds = tableUnder(page, 'At run time').filter((row) => row[3]?.includes('*builds*'));
  assert.deepEqual(
    builds.map((row) => row[0]),
    vigie.installScripts.map((name) => `\`${name}\``),
  );
  assert.equal(differences([['`zod`', '1', 'MIT']], [['`zod`', '2', 'MIT']]).length, 2);
});

test('docs/errors.md equals errors.ts', () => {
  const page = `\n## Kinds\n${readFileSync('docs/errors.md', 'utf8')}`;
  const written = tableUnder(page, 'Kinds').map((row) => row.slice(0, 2));
  const expected = Object.entries(exitCodes).map(([kind, code]) => [`\`${kind}\``, String(code)]);
  assert.deepEqual(differences(written, expected), []);
});

test('the licence is the one that package.json names', () => {
  assert.match(readFileSync('LICENSE', 'utf8'), /^\s*EUROPEAN UNION PUBLIC LICENCE v\. 1\.2/);
  assert.ok(existsSync('.ci/run'));
});
