/** The pages as the rules look at them: code, links and tables. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface Page {
  path: string;
  text: string;
}

/** README and its like, and everything in docs/. */
export function pages(): Page[] {
  const top = readdirSync('.').filter((name) => name.endsWith('.md'));
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'));
  return [...top, ...docs.map((name) => `docs/${name}`)].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
}

/** Every piece of inline code and every line of a code block, without comments. */
export function codeIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, body]) =>
    (body ?? '').split('\n'),
  );
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(
    ([, code]) => code ?? '',
  );
  return [...blocks, ...inline].map((code) =>
    code
      .replace(/\s+#\s.*$/, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

/** Targets of links and pictures inside the project, relative to the page, without their anchors. */
export function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => (target ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

/** Cells of the rows of all tables after the heading, until the next heading; the head row left out. */
export function tableUnder(text: string, heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Paths of the project that a piece of code names: `pipelines/mask/`, `test/rules`, `docs/*.md`. */
export function pathsIn(code: string): string[] {
  const folders = /^(?:pipelines|models|runtime|board|ota|bench|test|docs|setup|\.ci)\/[\w./*-]*$/;
  const words = code.split(' ').map((word) => word.replace(/[,;:]$/, ''));
  const atTop = /^[\w.-]+\.(?:ts|md|json|mjs|js)$/;
  return words.filter(
    (word) => folders.test(word) || (words.length === 1 && atTop.test(word) && existsSync(word)),
  );
}

/** Whether a path of the project is there; a `*` stands for any part of a name. */
export function isThere(path: string): boolean {
  if (!path.includes('*')) return existsSync(path);
  const folder = path.slice(0, path.lastIndexOf('/', path.indexOf('*')));
  const pattern = new RegExp(`^${path.replace(/[.+]/g, '\\$&').replace(/\*+/g, '.*')}$`);
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) =>
    pattern.test(`${folder}/${name}`),
  );
}
