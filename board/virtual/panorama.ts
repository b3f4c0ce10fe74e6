/**
 * A street drawn by code, all round the camera: what the panorama sensor shows and what the search for private pixels
 * knows by heart. One byte a direction names a colour of a fixed palette; private colours are saturated and occur
 * nowhere but behind windows and doors. Read by panorama-view.ts and by tests. It must never show anybody real.
 */
import type { Direction, MaskZone } from '../../pipelines/messages.js';

/** Texels round the horizon, and from the zenith to the ground below the head. A power of two, for the wrap. */
export const mapWidth = 4096;
export const mapHeight = 2048;
/** Degrees that a texel covers on both axes. */
const texelDeg = 360 / mapWidth;

/** Colours below this belong to the street; from here on the same tones lie inside a zone. */
export const firstZoneColour = 120;
/** Colours from here on are private: they occur inside zones only. */
export const firstPrivateColour = 240;

/** What a colour of the map is in I420, limited range. */
export interface Palette {
  luma: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
}

/** A rectangle of texels: x to the right (pan), y down (tilt). */
interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Panorama {
  /** `mapWidth` x `mapHeight` colours of the palette, the zenith first, pan -180 degrees at the left */
  colours: Uint8Array;
  /** every private place, by directions */
  zones: MaskZone[];
}

/** Furthest that U or V of any colour of the street lies from no colour; of a private one at least `privateChroma`. */
export const streetChroma = 14;
export const privateChroma = 70;

const tones = { sky: 0, wall: 20, glass: 60, pavement: 70, road: 90, paint: 110 } as const;
/** How many tones each of them has: the texture by which a picture can be seen to move. */
const toneCount = { sky: 20, wall: 40, glass: 10, pavement: 20, road: 20, paint: 10 } as const;

export function paletteOf(): Palette {
  const luma = new Uint8Array(256);
  const u = new Uint8Array(256).fill(128);
  const v = new Uint8Array(256).fill(128);
  // Luma from and to, then U and V off none: every tone of the street is well above black.
  const looks = {
    sky: [190, 225, 12, -8],
    wall: [90, 190, -12, 10],
    glass: [60, 90, 6, -4],
    pavement: [120, 160, -2, 2],
    road: [60, 95, 2, -2],
    paint: [200, 230, 0, 0],
  } as const;
  for (const name of Object.keys(tones) as (keyof typeof tones)[]) {
    const [from, to, du, dv] = looks[name];
    for (let i = 0; i < toneCount[name]; i++) {
      for (const inZone of [0, firstZoneColour]) {
        const colour = tones[name] + i + inZone;
        luma[colour] = from + ((to - from) * i) / (toneCount[name] - 1);
        u[colour] += du;
        v[colour] += dv;
      }
    }
  }
  // magenta, green, blue, orange
  const secret = [
    [110, 205, 215],
    [130, 50, 40],
    [90, 215, 110],
    [150, 40, 205],
  ];
  for (let i = 0; firstPrivateColour + i < 256; i++) {
    [luma[firstPrivateColour + i], u[firstPrivateColour + i], v[firstPrivateColour + i]] = secret[i % 4];
  }
  return { luma, u, v };
}

/** The same street for the same seed. */
export function drawPanorama(seed = 1): Panorama {
  const draw = new Drawing(seed);
  draw.band(90, 8, 'sky');
  draw.band(8, -4, 'wall');
  draw.band(-4, -12, 'pavement');
  draw.band(-12, -90, 'road');
  draw.houses();
  draw.roadPaint();
  return { colours: draw.colours, zones: draw.zones };
}

class Drawing {
  readonly colours = new Uint8Array(mapWidth * mapHeight);
  readonly zones: MaskZone[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** All round, from one tilt down to another, with a texture of blotches. */
  band(fromDeg: number, toDeg: number, what: keyof typeof tones): void {
    const [top, bottom] = [texelY(fromDeg), texelY(toDeg)];
    this.#texture({ x: 0, y: top, width: mapWidth, height: bottom - top }, what);
  }

  /** Twenty of them; two out of three are homes, the others shops that everybody may look into. */
  houses(): void {
    const width = mapWidth / 20;
    for (let i = 0; i < 20; i++) {
      const house = { x: Math.round(i * width), width: Math.floor(width) };
      const top = texelY(12 + Math.floor(this.#random() * 14));
      this.#texture({ ...house, y: top, height: texelY(-4) - top }, 'wall');
      const home = i % 3 !== 2;
      this.#windows(`${i}`, { ...house, y: texelY(9), height: texelY(4) - texelY(9) }, home);
      this.#door(`${i}`, { x: house.x + 90, y: texelY(1), width: 28, height: texelY(-4) - texelY(1) }, home);
    }
  }

  roadPaint(): void {
    for (let x = 0; x < mapWidth; x += 128) {
      this.#texture({ x, y: texelY(-20), width: 64, height: 10 }, 'paint');
    }
  }

  #windows(name: string, row: Area, home: boolean): void {
    const zone = { ...row, x: row.x + 20, width: row.width - 40 };
    if (home) this.#zone(`windows ${name}`, zone);
    for (let i = 0; i < 4; i++) {
      const pane = { x: zone.x + 8 + i * 40, y: zone.y + 6, width: 28, height: zone.height - 12 };
      if (home) this.#secret(pane, i);
      else this.#texture(pane, 'glass');
    }
  }

  #door(name: string, area: Area, home: boolean): void {
    if (!home) return this.#texture(area, 'glass');
    this.#zone(`door ${name}`, area);
    this.#secret({ x: area.x + 3, y: area.y + 3, width: area.width - 6, height: area.height - 3 }, 1);
  }

  /** What lies there belongs to a zone from now on. */
  #zone(name: string, area: Area): void {
    this.#each(area, (at) => {
      if (this.colours[at] < firstZoneColour) this.colours[at] += firstZoneColour;
    });
    this.zones.push({ name, directions: directionsAround(area) });
  }

  #secret(area: Area, which: number): void {
    // Stripes of two colours: a shift of any size changes something.
    this.#each(area, (at, x) => {
      this.colours[at] = firstPrivateColour + ((which + (x >> 3)) % 4);
    });
  }

  #texture(area: Area, what: keyof typeof tones): void {
    const blotches = new Uint8Array(1024).map(() => this.#random() * 256);
    this.#each(area, (at, x, y) => {
      const coarse = blotches[((x >> 4) * 37 + (y >> 3) * 101) & 1023];
      const fine = blotches[((x >> 1) * 7 + (y >> 1) * 53) & 1023];
      this.colours[at] = tones[what] + (((coarse * 3 + fine) * toneCount[what]) >> 10);
    });
  }

  #each({ x, y, width, height }: Area, call: (at: number, x: number, y: number) => void): void {
    for (let row = y; row < y + height; row++) {
      for (let i = x; i < x + width; i++) call(row * mapWidth + (i & (mapWidth - 1)), i, row);
    }
  }

  /** xorshift32: uniform in [0, 1). */
  #random(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 4_294_967_296;
  }
}

/**
 * A rectangle of texels as a polygon of directions. A side along a parallel is no great circle: it gets a corner
 * each degree, which leaves less than a fiftieth of a texel between the two; the polygon is drawn wider by that.
 */
function directionsAround({ x, y, width, height }: Area): Direction[] {
  const outset = 0.002;
  const [left, right] = [panOf(x) - outset, panOf(x + width) + outset];
  const [top, bottom] = [tiltOf(y) + outset, tiltOf(y + height) - outset];
  const steps = Math.ceil(right - left);
  const along = (i: number, tilt: number): Direction => [left + ((right - left) * i) / steps, tilt];
  const indexes = Array.from({ length: steps + 1 }, (_, i) => i);
  return [...indexes.map((i) => along(i, top)), ...indexes.map((i) => along(steps - i, bottom))];
}

function panOf(x: number): number {
  return x * texelDeg - 180;
}

function tiltOf(y: number): number {
  return 90 - y * texelDeg;
}

function texelY(tiltDeg: number): number {
  return Math.round((90 - tiltDeg) / texelDeg);
}
