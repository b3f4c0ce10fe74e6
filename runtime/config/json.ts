/**
 * Reads JSON strictly and remembers where each value stood, so that an error can name its line. Used by
 * load.ts only. It refuses what JSON.parse lets through in silence: the same key twice in one object, of
 * which the last would win, so that a second `mask` could not undo the first. It decodes nothing by itself:
 * strings and numbers go through JSON.parse.
 */

/** Where a value or a key stands, both counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/** The text is not JSON, or says something twice. `position` is where that shows. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  constructor(
    readonly reason: string,
    readonly position: Position,
  ) {
    super(`${position.line}:${position.column}: ${reason}`);
  }
}

export interface ReadJson {
  value: unknown;
  /** where the value at this path starts; for a member of an object, where its key starts */
  positionOf(path: readonly PropertyKey[]): Position | undefined;
}

/** Nesting beyond this is refused; the configuration needs six. */
const maxDepth = 32;
/** RFC 8259 section 7: any character from the blank on, but the quote and the backslash, or an escape. */
const stringToken = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const numberToken = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literalToken = /true|false|null/y;
const blank = /[ \t\n\r]*/y;

const pathKey = (path: readonly PropertyKey[]): string => JSON.stringify(path.map(String));

class Reader {
  readonly offsets = new Map<string, number>();
  #at = 0;

  constructor(readonly text: string) {}

  document(): unknown {
    const value = this.#value([], 0);
    this.#skipBlank();
    if (this.#at < this.text.length) this.#fail('something follows the end of the document');
    return value;
  }

  #value(path: readonly PropertyKey[], depth: number): unknown {
    if (depth > maxDepth) this.#fail(`nested deeper than ${maxDepth}`);
    this.#skipBlank();
    const key = pathKey(path);
    if (!this.offsets.has(key)) this.offsets.set(key, this.#at);
    const first = this.text[this.#at];
    if (first === '{') return this.#object(path, depth);
    if (first === '[') return this.#array(path, depth);
    const text = this.#token(first === '"' ? stringToken : numberToken) ?? this.#token(literalToken);
    if (text === null)
      this.#fail(first === '"' ? 'this text is not closed or has a bad escape' : 'expected a value');
    return JSON.parse(text) as unknown;
  }

  #object(path: readonly PropertyKey[], depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    this.#at++;
    this.#skipBlank();
    if (this.#take('}')) return value;
    do {
      this.#skipBlank();
      const start = this.#at;
      const text = this.#token(stringToken);
      if (text === null) this.#fail('expected a key in double quotes');
      const key = JSON.parse(text) as string;
      if (Object.hasOwn(value, key)) this.#fail(`the key ${shown(key)} appears twice`, start);
      if (key === '__proto__') this.#fail('this key is not allowed', start);
      this.offsets.set(pathKey([...path, key]), start);
      this.#skipBlank();
      if (!this.#take(':')) this.#fail('expected a colon after the key');
      value[key] = this.#value([...path, key], depth + 1);
      this.#skipBlank();
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('expected a comma or a closing brace');
    return value;
  }

  #array(path: readonly PropertyKey[], depth: number): unknown[] {
    const value: unknown[] = [];
    this.#at++;
    this.#skipBlank();
    if (this.#take(']')) return value;
    do {
      value.push(this.#value([...path, value.length], depth + 1));
      this.#skipBlank();
    } while (this.#take(','));
    if (!this.#take(']')) this.#fail('expected a comma or a closing bracket');
    return value;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #token(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.text)?.[0] ?? null;
    if (text !== null) this.#at += text.length;
    return text;
  }

  #skipBlank(): void {
    this.#token(blank);
  }

  #fail(reason: string, at = this.#at): never {
    throw new JsonError(
      at >= this.text.length ? `the file ends too early: ${reason}` : reason,
      this.position(at),
    );
  }

  position(offset: number): Position {
    const before = this.text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  }
}

/** A key as it may be printed: quoted, without control characters, cut at 40 characters. */
export function shown(key: string): string {
  const cut = key.length > 40 ? `${key.slice(0, 40)}…` : key;
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028-\u202e]/g, '?');
}

/**
 * Reads one JSON document (RFC 8259).
 * @throws JsonError with the position, on anything that is not JSON or names a key twice
 */
export function readJson(text: string): ReadJson {
  const reader = new Reader(text.replace(/^\uFEFF/, ''));
  const value = reader.document();
  return {
    value,
    positionOf(path) {
      const offset = reader.offsets.get(pathKey(path));
      return offset === undefined ? undefined : reader.position(offset);
    },
  };
}
