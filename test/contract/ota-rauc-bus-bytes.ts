/** Messages of D-Bus as bytes (specification 0.41, "Message Protocol"), little-endian: as much of it as the tests say. */

export interface BusMessage {
  serial: number;
  member: string;
  /** of the whole message */
  bytes: number;
}

/** The first message in these bytes; null until it is whole. */
export function messageIn(bytes: Buffer): BusMessage | null {
  if (bytes.length < 16) return null;
  const fields = bytes.readUInt32LE(12);
  const total = 16 + Math.ceil(fields / 8) * 8 + bytes.readUInt32LE(4);
  if (bytes.length < total) return null;
  // field 3 is the member: its code, the signature `s`, then the text, each on its own alignment
  const at = bytes.indexOf(Buffer.from([3, 1, 0x73, 0]), 16);
  const length = bytes.readUInt32LE(at + 4);
  return {
    serial: bytes.readUInt32LE(8),
    member: bytes.toString('utf8', at + 8, at + 8 + length),
    bytes: total,
  };
}

/** `['s', text]`, `['i', number]`, `['v', ['s', text]]` or `['sss', text, text, text]`. */
export type Body = readonly [string, ...(string | number | readonly [string, string])[]];

/** The answer to a call, from RAUC. */
export function answer(replyTo: number, body?: Body): Buffer {
  return message(
    2,
    [
      [5, 'u', replyTo],
      [7, 's', ':1.7'],
    ],
    body,
  );
}

export function signal(sender: string, path: string, from: string, member: string, body: Body): Buffer {
  const fields: Field[] = [
    [1, 'o', path],
    [2, 's', from],
    [3, 's', member],
    [7, 's', sender],
  ];
  return message(4, fields, body);
}

type Field = [number, 'o' | 's' | 'u' | 'g', string | number];

class Bytes {
  parts: Buffer[] = [];
  length = 0;

  add(part: Buffer): void {
    this.parts.push(part);
    this.length += part.length;
  }

  align(to: number): void {
    this.add(Buffer.alloc((to - (this.length % to)) % to));
  }

  u32(value: number): void {
    this.align(4);
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value >>> 0);
    this.add(word);
  }

  text(value: string): void {
    this.u32(Buffer.byteLength(value));
    this.add(Buffer.from(`${value}\0`));
  }

  signature(value: string): void {
    this.add(Buffer.from([value.length]));
    this.add(Buffer.from(`${value}\0`));
  }
}

function message(type: number, fields: Field[], body?: Body): Buffer {
  const content = new Bytes();
  if (body) argumentsInto(content, body);
  const all: Field[] = body ? [...fields, [8, 'g', body[0]]] : fields;
  const header = new Bytes();
  for (const [code, kind, value] of all) {
    header.align(8);
    header.add(Buffer.from([code]));
    header.signature(kind);
    if (kind === 'u') header.u32(value as number);
    else if (kind === 'g') header.signature(value as string);
    else header.text(value as string);
  }
  const fieldBytes = header.length;
  header.align(8);
  const start = new Bytes();
  start.add(Buffer.from([0x6c, type, 1, 1]));
  start.u32(content.length);
  start.u32(1);
  start.u32(fieldBytes);
  return Buffer.concat([...start.parts, ...header.parts, ...content.parts]);
}

function argumentsInto(bytes: Bytes, [signature, ...values]: Body): void {
  [...signature].forEach((kind, index) => {
    const value = values[index];
    if (kind === 'i') bytes.u32(value as number);
    else if (kind === 's') bytes.text(value as string);
    else {
      const [inner, text] = value as readonly [string, string];
      bytes.signature(inner);
      bytes.text(text);
    }
  });
}
