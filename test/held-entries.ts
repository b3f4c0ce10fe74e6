/** How many entries an object holds, in private fields too: what grows over a week must be found whatever it is called. */
import { type Runtime, Session } from 'node:inspector';

const MOST_DEPTH = 14;

export interface Held {
  /** of all arrays, maps, sets and objects below it; typed arrays have a fixed size and count as one */
  entries: number;
  texts: string[];
}

export function heldBy(root: object): Held {
  const session = new Session();
  session.connect();
  const place = Symbol.for('vigie.test.held');
  (globalThis as Record<symbol, unknown>)[place] = root;
  try {
    const expression = "globalThis[Symbol.for('vigie.test.held')]";
    const { result } = answer<Runtime.EvaluateReturnType>((done) =>
      session.post('Runtime.evaluate', { expression, objectGroup: 'held' }, done),
    );
    const held: Held = { entries: 0, texts: [] };
    count(session, result, 0, held);
    return held;
  } finally {
    session.post('Runtime.releaseObjectGroup', { objectGroup: 'held' });
    session.disconnect();
    delete (globalThis as Record<symbol, unknown>)[place];
  }
}

function count(session: Session, object: Runtime.RemoteObject, depth: number, held: Held): void {
  const { objectId, type, subtype, value: text } = object;
  held.entries++;
  if (typeof text === 'string') held.texts.push(text);
  const opened = [undefined, 'array', 'map', 'set', 'internal#entry'] as (string | undefined)[];
  if (!objectId || type !== 'object' || !opened.includes(subtype) || depth > MOST_DEPTH) return;
  const found = answer<Runtime.GetPropertiesReturnType>((done) =>
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, done),
  ) as Runtime.GetPropertiesReturnType & { privateProperties?: { value?: Runtime.RemoteObject }[] };
  const entries = (found.internalProperties ?? []).filter(({ name }) => name === '[[Entries]]');
  const values = [
    ...found.result.filter(({ name }) => name !== '__proto__' && name !== 'length'),
    ...(found.privateProperties ?? []),
    ...entries,
  ].flatMap(({ value }) => (value ? [value] : []));
  for (const value of values) count(session, value, depth + 1, held);
}

/** The session of one's own thread answers before `post` returns. */
function answer<Answer>(ask: (done: (error: Error | null, given: Answer) => void) => void): Answer {
  let got: Answer | null = null;
  ask((error, given) => {
    if (error) throw error;
    got = given;
  });
  if (got === null) throw new Error('the inspector did not answer');
  return got;
}
