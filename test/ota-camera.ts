/** The side of a camera that asks a repository of updates, on a disk of its own: for the tests of ota/metadata/. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ManualClock } from '../board/virtual/clock.js';
import { type Found, UpdateMetadata, type UpdateMetadataOptions } from '../ota/metadata/client.js';
import { Floors } from '../ota/metadata/floors.js';
import { type RefusalReason, UpdateRefused } from '../ota/metadata/refusal.js';
import { place } from './ota-repository.js';

export class TestCamera {
  readonly directory: string;
  readonly clock = new ManualClock(Date.now());
  clockTrusted = true;
  /** called at every step of keeping something */
  reached: (step: string) => void = () => {};
  readonly said: string[] = [];
  readonly log = {
    info: (text: string): void => void this.said.push(text),
    warn: (text: string): void => void this.said.push(text),
    error: (text: string): void => void this.said.push(text),
  };
  floors = new Floors(this, { directory: '' });

  constructor(t: TestContext, root: Uint8Array) {
    this.directory = mkdtempSync(join(tmpdir(), 'vigie-trust-'));
    t.after(() => {
      for (const path of [this.directory, this.#saved]) rmSync(path, { recursive: true, force: true });
    });
    writeFileSync(join(this.directory, 'root.json'), root);
  }

  /** As after a start of the camera: everything is read from the disk again. */
  async asks(
    url: string,
    changes: Partial<UpdateMetadataOptions> = {},
    signal?: AbortSignal,
  ): Promise<Found> {
    const { clock, log, directory } = this;
    const reached = (step: string): void => this.reached(step);
    this.floors = new Floors({ log, reached }, { directory });
    await this.floors.start('1.0.0');
    const deps = { clock, log, reached, clockTrusted: () => this.clockTrusted, floors: this.floors };
    const metadata = new UpdateMetadata(deps, { directory, url, place, ...changes });
    return metadata.refresh(signal ?? new AbortController().signal);
  }

  async takes(url: string, version: string, changes?: Partial<UpdateMetadataOptions>): Promise<Found> {
    const found = await this.asks(url, changes);
    assert.equal(found.release.version, version);
    return found;
  }

  async refuses(url: string, reason: RefusalReason, changes?: Partial<UpdateMetadataOptions>): Promise<void> {
    await assert.rejects(this.asks(url, changes), (error) => {
      assert.ok(error instanceof UpdateRefused, String(error));
      assert.equal(error.reason, reason, String(error.cause));
      return true;
    });
  }

  /** all metadata that was kept is gone; what the camera remembers of it and its first root are not */
  forgets(): void {
    for (const name of readdirSync(this.directory)) {
      if (/^(current\.json|scratch|set-.*)$/.test(name)) {
        rmSync(join(this.directory, name), { recursive: true, force: true });
      }
    }
  }

  /** what is on its disk, to come back to */
  saves(): void {
    rmSync(this.#saved, { recursive: true, force: true });
    cpSync(this.directory, this.#saved, { recursive: true });
  }

  restores(): void {
    rmSync(this.directory, { recursive: true, force: true });
    cpSync(this.#saved, this.directory, { recursive: true });
  }

  get #saved(): string {
    return `${this.directory}-saved`;
  }

  /** its first root is gone */
  loses(): void {
    rmSync(join(this.directory, 'root.json'), { force: true });
  }

  /** the floors are gone as well */
  forgetsFloors(): void {
    for (const name of ['floor.json', 'floor.second.json'])
      rmSync(join(this.directory, name), { force: true });
  }
}
