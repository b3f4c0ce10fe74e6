/**
 * Looks at MessagePack before a decoder does. A few bytes can announce an array of millions, nest without end, or
 * name an extension type that builds objects of its own, and a decoder believes them. Used at both doors: the
 * channel between the processes (channel.ts) and the control plane.
 */

/** What a message may hold. */
export interface MessagePackLimits {
  /** containers within containers */
  depth: number;
  /** values in all, containers and keys included */
  elements: number;
}

/** What a type byte announces: bytes that follow as content, or elements, or a length field to read first. */
interface Announced {
  skip: number;
  elements: number;
}

/**
 * True when the bytes are one value of the MessagePack specification's core types, complete, with nothing after
 * it, within the limits. Walks without allocating by what the bytes say.
 */
export function isPlainMessagePack(bytes: Uint8Array, limits: MessagePackLimits): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: number[] = [1];
  let at = 0;
  let seen = 0;
  while (open.length > 0) {
    const left = open[open.length - 1] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1] = left - 1;
    const announced = at < bytes.length ? announcedAt(view, at) : null;
    seen += 1;
    if (!announced || seen > limits.elements) return false;
    at += announced.skip;
    if (at > bytes.length || announced.elements > bytes.length - at) return false;
    if (announced.elements > 0) open.push(announced.elements);
    if (open.length > limits.depth + 1) return false;
  }
  return at === bytes.length;
}

function announcedAt(view: DataView, at: number): Announced | null {
  const type = view.getUint8(at);
  if (type <= 0x7f || type >= 0xe0) return { skip: 1, elements: 0 };
  if (type <= 0x8f) return { skip: 1, elements: 2 * (type & 0x0f) };
  if (type <= 0x9f) return { skip: 1, elements: type & 0x0f };
  if (type <= 0xbf) return { skip: 1 + (type & 0x1f), elements: 0 };
  const fixed = fixedBytes[type];
  if (fixed !== undefined) return { skip: 1 + fixed, elements: 0 };
  const counted = countedTypes[type];
  if (!counted || at + 1 + counted.field > view.byteLength) return null;
  const length = readLength(view, at + 1, counted.field);
  const head = 1 + counted.field;
  if (counted.of === 'bytes') return { skip: head + length, elements: 0 };
  return { skip: head, elements: counted.of === 'pairs' ? 2 * length : length };
}

/** nil, false, true, floats and integers: bytes after the type byte. 0xc1 and the extension types are absent. */
const fixedBytes: Record<number, number> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

const countedTypes: Record<number, { field: 1 | 2 | 4; of: 'bytes' | 'elements' | 'pairs' }> = {
  196: { field: 1, of: 'bytes' },
  197: { field: 2, of: 'bytes' },
  198: { field: 4, of: 'bytes' },
  217: { field: 1, of: 'bytes' },
  218: { field: 2, of: 'bytes' },
  219: { field: 4, of: 'bytes' },
  220: { field: 2, of: 'elements' },
  221: { field: 4, of: 'elements' },
  222: { field: 2, of: 'pairs' },
  223: { field: 4, of: 'pairs' },
};

function readLength(view: DataView, at: number, field: 1 | 2 | 4): number {
  if (field === 1) return view.getUint8(at);
  return field === 2 ? view.getUint16(at) : view.getUint32(at);
}
