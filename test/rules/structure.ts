/**
 * The rules about who may take what from whom (docs/architecture.md). Each is a function from sources to
 * violations, so that its test can also show it a made-up source that breaks it.
 */
import ts from 'typescript';
import { importsOf, lineOf, type Source, syntaxOf, walk } from './source.js';

export type Rule = (sources: readonly Source[]) => string[];

const folderOf = (path: string): string => path.split('/').slice(0, -1).join('/');
const isTopOf = (folder: string, path: string): boolean => folderOf(path) === folder;

/** Violations of a rule that looks at one import at a time. */
function importRule(broken: (path: string, from: string) => boolean): Rule {
  return (sources) =>
    sources.flatMap((source) =>
      importsOf(source)
        .filter(({ from }) => broken(source.path, from))
        .map(({ from, line }) => `${source.path}:${line} imports ${from}`),
    );
}

/** The folder of the stage that a file of pipelines/ belongs to; undefined for what lies between the stages. */
function stageOf(path: string): string | undefined {
  const [top, stage, ...rest] = path.split('/');
  return top === 'pipelines' && rest.length > 0 ? stage : undefined;
}

/** A stage takes what lies between the stages, models/, ports and errors: never a sibling, never the root. */
export const stagesKeepApart = importRule((path, from) => {
  const stage = stageOf(path);
  if (stage === undefined || !from.includes('/') || !from.endsWith('.ts')) return false;
  if (stageOf(from) === stage || from.startsWith('models/') || from === 'errors.ts') return false;
  return from === 'board/ports.ts' ? false : !isTopOf('pipelines', from) || from === 'pipelines/main.ts';
});

/** What is between the stages and models/ know nothing of the runtime process. */
export const nothingFromRuntime = importRule(
  (path, from) => /^(pipelines|models)\//.test(path) && from.startsWith('runtime/'),
);

/** What the runtime process may know of pipelines/: the channel, words about pictures, texts; never a stage. */
const knownOutside = [
  'pipelines/messages.ts',
  'pipelines/channel.ts',
  'pipelines/plain-messagepack.ts',
  'pipelines/frame.ts',
  'pipelines/launch.ts',
  'pipelines/mask/table.ts',
];

export const noStageOutside = importRule(
  (path, from) =>
    /^(runtime|board)\//.test(path) && from.startsWith('pipelines/') && !knownOutside.includes(from),
);

/** The runtime process and the board never so much as name a frame: a picture reaches them masked and encoded. */
export const noFrameOutside: Rule = (sources) =>
  sources
    .filter(({ path }) => /^(runtime|board)\//.test(path))
    .flatMap((source) =>
      importsOf(source)
        .filter(({ names }) => names.includes('RawFrame') || names.includes('MaskedFrame'))
        .map(({ line }) => `${source.path}:${line} takes frames`),
    );

/** Programs are started by board/, by the supervision, and by the launcher, which depends on nothing else of the product. */
export const noPrograms = importRule(
  (path, from) =>
    /^(node:)?child_process$/.test(from) && !/^(board|runtime\/health|ota\/launcher)\//.test(path),
);

/** The launcher outlives every version: it leans on nothing that a version brings. */
export const launcherAlone = importRule(
  (path, from) =>
    path.startsWith('ota/launcher/') && !from.startsWith('node:') && !from.startsWith('ota/launcher/'),
);

/** What brings a new version knows the camera only through what it is given. */
export const updatesApart = importRule(
  (path, from) => path.startsWith('ota/') && /^(runtime|pipelines)\//.test(from),
);

/** A package with one door: imported from that file only. */
export function oneDoor(name: string, door: string): Rule {
  return importRule((path, from) => from === name && path !== door);
}

/** `/dev` and `/sys` are named in board/ only; the configuration may name them as text that it does not open. */
export const noDeviceNames: Rule = (sources) =>
  sources
    .filter(({ path }) => !/^(board\/|runtime\/health\/|runtime\/config\/(schema|example)\.ts)/.test(path))
    .flatMap((source) => {
      const file = syntaxOf(source);
      const found: string[] = [];
      walk(file, (node) => {
        const text = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) ? node.text : '';
        if (/^\/(dev|sys)(\/|$)/.test(text)) found.push(`${source.path}:${lineOf(file, node)} names ${text}`);
      });
      return found;
    });

/** The part that a file belongs to: `runtime/record`, `pipelines/mask`; undefined for files that wire. */
function partOf(path: string): string | undefined {
  const [top, part, ...rest] = path.split('/');
  if (rest.length === 0 || (top !== 'runtime' && top !== 'pipelines') || part === 'cli') return undefined;
  return `${top}/${part}`;
}

/** Only the composition roots and the commands make instances of a part's classes: parts are handed to parts. */
export const onlyRootsWire: Rule = (sources) =>
  sources.flatMap((source) => {
    const part = partOf(source.path);
    if (part === undefined) return [];
    const foreign = new Map<string, string>();
    for (const { from, names } of importsOf(source)) {
      const other = partOf(from);
      if (other !== undefined && other !== part) for (const name of names) foreign.set(name, from);
    }
    const file = syntaxOf(source);
    const found: string[] = [];
    walk(file, (node) => {
      const name = ts.isNewExpression(node) ? node.expression.getText() : '';
      const from = foreign.get(name);
      if (from !== undefined) found.push(`${source.path}:${lineOf(file, node)} makes a ${name} of ${from}`);
    });
    return found;
  });

/** A branded type that is claimed (`x as Name`) outside the place that may make it. */
export function brandMadeIn(name: string, allowed: RegExp): Rule {
  return (sources) =>
    sources
      .filter(({ path }) => !allowed.test(path))
      .flatMap((source) => {
        const file = syntaxOf(source);
        const found: string[] = [];
        walk(file, (node) => {
          if (!ts.isAsExpression(node) && !ts.isTypeAssertionExpression(node)) return;
          const claims = new RegExp(`\\b${name}\\b`).test(node.type.getText());
          if (claims) found.push(`${source.path}:${lineOf(file, node)} claims a ${name}`);
        });
        return found;
      });
}
