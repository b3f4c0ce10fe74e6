/**
 * Writes docs/configuration.md from the schema: every key, what it takes, its default, what it is for. Run by
 * `npm run docs`; a test fails when the page is not what this makes. It never says what schema.ts does not.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exampleConfig } from './example.js';
import { configShape, type Shape } from './shape.js';

const introduction = `# Configuration

This page is made from \`runtime/config/schema.ts\` by \`npm run docs\`. Do not edit it.

A camera is configured by one JSON file, given to \`vigie run --config FILE\`. The rules of the file:

1. A key that is not on this page is refused, and the nearest known key is named. So is a key that appears
   twice: of two \`mask\` entries the last would otherwise win in silence.
2. Every mistake is one line with the path of the key and the line of the file, such as
   \`camera.json: mask.zones[1].points (line 14): the side from corner 0 and the side from corner 2 cross or
   touch\`. A camera starts only when there is none; the exit code is then 2 (see [errors](errors.md)).
3. A zone is a list of corners in the order in which one walks around it, as shares of the picture: \`[0, 0]\` is
   the top left, \`[1, 1]\` the bottom right. Sides that cross or touch, and zones with next to no area, are
   refused.
4. A camera without a private zone has to say why, in \`mask.noneBecause\`.
5. Any address to listen on but a loopback address requires \`control.tls\`.
6. Names of files are relative to the place that their description names.
7. The configuration cannot widen the authorisation: what the authorisation does not name is neither recorded
   nor analysed, whatever is written here.

## Example
`;

/** The whole page, in Markdown. */
export function configurationPage(): string {
  const sections = Object.entries(configShape().properties ?? {}).map(([key, shape]) => section(key, shape));
  const required = new Set(configShape().required ?? []);
  const overview = Object.entries(configShape().properties ?? {}).map(
    ([key, shape]) =>
      `| [\`${key}\`](#${key}) | ${required.has(key) ? 'yes' : 'no'} | ${shape.description ?? ''} |`,
  );
  return [
    introduction,
    ...['```json', compactLists(JSON.stringify(exampleConfig, null, 2)), '```', ''],
    ...['## Sections', '', '| key | required | what it is |', '|---|---|---|', ...overview, ''],
    ...sections,
  ].join('\n');
}

/** Puts a list of plain values on one line, as a person would. */
function compactLists(json: string): string {
  return json.replace(/\[[^[\]{}]*\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  );
}

function section(key: string, shape: Shape): string {
  const lines = [`## ${key}`, '', shape.description ?? '', ''];
  if (shape.oneOf) {
    for (const choice of shape.oneOf) lines.push(...choiceLines(choice));
    return lines.join('\n');
  }
  const rows = rowsOf(shape, '');
  return [...lines, ...table(rows.length > 0 ? rows : [row(key, shape, false)])].join('\n');
}

function choiceLines(choice: Shape): string[] {
  const kind = choice.properties?.['kind'];
  const title = `### kind: \`${String(kind?.const)}\``;
  const rows = rowsOf(choice, '').filter((line) => !line.startsWith('| `kind`'));
  const description = kind?.description === undefined ? [] : [kind.description, ''];
  return [title, '', ...description, ...(rows.length > 0 ? table(rows) : ['No other key.', ''])];
}

function table(rows: string[]): string[] {
  return ['| key | takes | default | what it is |', '|---|---|---|---|', ...rows, ''];
}

/** One row for each key below `shape`, keys of objects inside it written with dots. */
function rowsOf(shape: Shape, prefix: string): string[] {
  if (shape.type === 'array') return shape.items ? rowsOf(shape.items, `${prefix}[]`) : [];
  const required = new Set(shape.required ?? []);
  return Object.entries(shape.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const holdsKeys = child.properties !== undefined || (child.items && child.items.properties !== undefined);
    return [row(path, child, required.has(key)), ...(holdsKeys ? rowsOf(child, path) : [])];
  });
}

function row(path: string, shape: Shape, required: boolean): string {
  const standard =
    shape.default === undefined ? (required ? 'required' : 'none') : defaultText(shape.default);
  return `| \`${path}\` | ${takes(shape)} | ${standard} | ${(shape.description ?? '').replaceAll('|', '\\|')} |`;
}

function defaultText(value: unknown): string {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return isEmpty && !Array.isArray(value) ? 'see below' : `\`${JSON.stringify(value)}\``;
}

/** What may be written, in words: `whole number, 64 to 8192, a multiple of 2`. */
function takes(shape: Shape): string {
  if (shape.enum) return shape.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  switch (shape.type) {
    case 'boolean':
      return '`true` or `false`';
    case 'string':
      return 'text';
    case 'object':
      return 'an object';
    case 'array':
      return listText(shape);
    default:
      return numberText(shape);
  }
}

function listText(shape: Shape): string {
  const item = shape.items || undefined;
  const corners = item?.prefixItems !== undefined;
  const what = corners ? 'corners `[x, y]`, each 0 to 1' : item?.enum ? takes(item) : 'objects';
  const least = shape.minItems ?? 0;
  const most = shape.maxItems;
  if (most === undefined) return least > 0 ? `list of ${least} or more: ${what}` : `list of ${what}`;
  return `list of ${least} to ${most} ${what}`;
}

function numberText(shape: Shape): string {
  const whole = shape.type === 'integer' ? 'whole number' : 'number';
  const multiple = shape.multipleOf === undefined ? '' : `, a multiple of ${shape.multipleOf}`;
  const least = shape.exclusiveMinimum === undefined ? `${shape.minimum}` : `above ${shape.exclusiveMinimum}`;
  const bounded = shape.maximum !== undefined && shape.maximum < Number.MAX_SAFE_INTEGER;
  return `${whole}, ${least}${bounded ? ` to ${shape.maximum}` : ''}${multiple}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync('docs/configuration.md', configurationPage());
}
