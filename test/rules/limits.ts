/** The rules about size and words. Each is a function from sources to violations. */
import ts from 'typescript';
import { lineOf, type Source, syntaxOf, walk } from './source.js';

export const mostFileLines = 300;
export const mostFunctionLines = 60;

export function longFiles(sources: readonly Source[]): string[] {
  return sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > mostFileLines)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

export function longFunctions(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const file = syntaxOf(source);
    const found: string[] = [];
    walk(file, (node) => {
      if (!ts.isFunctionLike(node)) return;
      const last = file.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
      const lines = last - lineOf(file, node) + 1;
      if (lines > mostFunctionLines) found.push(`${source.path}:${lineOf(file, node)} has ${lines} lines`);
    });
    return found;
  });
}

// in pieces, so that this file does not hold the words it looks for
const forbidden = [
  ...['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK', 'XX' + 'X'].map((word) => new RegExp(`\\b${word}\\b`)),
  ...['@ts-' + 'ignore', '@ts-' + 'expect-error', '@ts-' + 'nocheck'].map((word) => new RegExp(word)),
  ...['biome-' + 'ignore', 'eslint-' + 'disable', 'istanbul ' + 'ignore'].map((word) => new RegExp(word)),
  new RegExp('/(ro' + 'ot|wo' + 'rk|home/\\w+)/'),
];

/** Words that put work off, that silence a checker, or that name the machine of whoever wrote them. */
export function forbiddenWords(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
      .filter(({ line }) => forbidden.some((pattern) => pattern.test(line)))
      .map(({ line, at }) => `${at} says ${line.trim()}`),
  );
}

/** A test that is skipped without words, or put off. */
export function silentSkips(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const file = syntaxOf(source);
    const found: string[] = [];
    walk(file, (node) => {
      if (isSilentSkip(node))
        found.push(`${source.path}:${lineOf(file, node)} ${node.getText().split('\n')[0]}`);
    });
    return found;
  });
}

function isSilentSkip(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node) && ['skip', 'todo'].includes(node.name.getText())) {
    return saysNothing(node.initializer);
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const [subject, action] = [node.expression.expression.getText(), node.expression.name.text];
  if (/^(test|it|describe|suite)$/.test(subject)) return ['skip', 'todo', 'only'].includes(action);
  return action === 'skip' && /^(t|context|ctx)$/.test(subject) && node.arguments.length === 0;
}

/** `true`, or a choice that can come out as `true`. */
function saysNothing(value: ts.Expression): boolean {
  if (value.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (ts.isPrefixUnaryExpression(value)) return true;
  if (ts.isParenthesizedExpression(value)) return saysNothing(value.expression);
  if (ts.isConditionalExpression(value)) return saysNothing(value.whenTrue) || saysNothing(value.whenFalse);
  if (!ts.isBinaryExpression(value)) return false;
  const comparison = /^(===|!==|<|>|<=|>=)$/.test(value.operatorToken.getText());
  return comparison || saysNothing(value.right);
}
