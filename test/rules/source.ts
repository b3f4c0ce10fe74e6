/** The sources of the project as the rules look at them: text, lines, imports and the tree of the syntax. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

export interface Source {
  /** relative to the project, with forward slashes */
  path: string;
  text: string;
}

/** What one file takes from another, or from a package. */
export interface Import {
  /** `node:fs`, `zod`, or a path of the project such as `pipelines/frame.ts` */
  from: string;
  /** the names it takes, as they are known in this file; empty for a whole module */
  names: string[];
  line: number;
}

/** Directories of what runs on a camera. */
export const productDirectories = ['pipelines', 'models', 'runtime', 'board', 'ota'];
/** Everything that is written by hand in a language. */
export const allDirectories = [...productDirectories, 'setup', 'bench', 'test'];

/** Sources below these directories and at the top, sorted; declarations of packages (`.d.ts`) left out. */
export function sourcesIn(directories: readonly string[], top = true): Source[] {
  const below = directories
    .filter((directory) => existsSync(directory))
    .flatMap((directory) =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)),
    );
  const atTop = top ? readdirSync('.') : [];
  return [...atTop, ...below]
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** The product as it is. */
export const product = (): Source[] => sourcesIn(productDirectories);

export function syntaxOf({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

/** Calls `visit` for every node below, the node itself first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Every import: written at the top, dynamic, of a type only, re-exported, or through createRequire. */
export function importsOf(source: Source): Import[] {
  const file = syntaxOf(source);
  const found: Import[] = [];
  walk(file, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const from = specifier.startsWith('.') ? projectPath(source.path, specifier) : specifier;
    found.push({ from, names: namesOf(node), line: lineOf(file, node) });
  });
  return found;
}

function specifierOf(node: ts.Node): string | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const [first] = node.arguments;
  const loads =
    node.expression.kind === ts.SyntaxKind.ImportKeyword || /require/i.test(node.expression.getText());
  return loads && first && ts.isStringLiteralLike(first) ? first.text : undefined;
}

function namesOf(node: ts.Node): string[] {
  if (!ts.isImportDeclaration(node)) return [];
  const clause = node.importClause;
  const bindings = clause?.namedBindings;
  const named = bindings && ts.isNamedImports(bindings) ? bindings.elements.map((one) => one.name.text) : [];
  return clause?.name ? [clause.name.text, ...named] : named;
}

/** `./mask/masker.js` seen from `pipelines/main.ts` is `pipelines/mask/masker.ts`. */
function projectPath(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}
