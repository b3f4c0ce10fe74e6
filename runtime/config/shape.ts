/**
 * The schema as a tree that can be walked: which keys may stand where, what each one takes, what it is for.
 * Made from schema.ts by zod; read by wording.ts (nearest known key) and document.ts (the page). It holds no
 * rule of its own.
 */
import { z } from 'zod';
import { config } from './schema.js';

/** The part of JSON Schema 2020-12 that zod writes for this configuration. */
export interface Shape {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape | false;
  prefixItems?: Shape[];
  oneOf?: Shape[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
}

let tree: Shape | undefined;

/** The whole configuration as a person writes it. Made once. */
export function configShape(): Shape {
  tree ??= z.toJSONSchema(config, { io: 'input' }) as Shape;
  return tree;
}

/** The shapes that may stand at `path` (several where a kind decides which), none when the path is unknown. */
export function shapesAt(path: readonly PropertyKey[]): Shape[] {
  let shapes = [configShape()];
  for (const step of path) shapes = shapes.flatMap((shape) => childShapes(shape, step));
  return shapes.flatMap((shape) => shape.oneOf ?? [shape]);
}

function childShapes(shape: Shape, step: PropertyKey): Shape[] {
  if (shape.oneOf) return shape.oneOf.flatMap((choice) => childShapes(choice, step));
  if (typeof step === 'number') {
    const item = shape.prefixItems?.[step] ?? shape.items;
    return item ? [item] : [];
  }
  const properties = shape.properties ?? {};
  const child = Object.hasOwn(properties, step) ? properties[String(step)] : undefined;
  return child ? [child] : [];
}

/** Keys that may stand in the object at `path`. Where a `kind` decides, those of `kind` when it is known. */
export function knownKeys(path: readonly PropertyKey[], kind?: unknown): string[] {
  const shapes = shapesAt(path);
  const chosen = shapes.filter((shape) => shape.properties?.['kind']?.const === kind);
  const keys = (chosen.length > 0 ? chosen : shapes).flatMap((shape) => Object.keys(shape.properties ?? {}));
  return [...new Set(keys)];
}

/** Every place, written with dots, where a key of this name may stand: `control.port`, `zones[].name`. */
export function placesOf(key: string): string[] {
  const places: string[] = [];
  const visit = (shape: Shape, path: string): void => {
    for (const choice of shape.oneOf ?? []) visit(choice, path);
    for (const [name, child] of Object.entries(shape.properties ?? {})) {
      const place = path === '' ? name : `${path}.${name}`;
      if (name === key) places.push(place);
      visit(child, place);
    }
    if (shape.items) visit(shape.items, `${path}[]`);
  };
  visit(configShape(), '');
  return [...new Set(places)];
}
