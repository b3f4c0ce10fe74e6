/** The words of an alert: both languages, what was measured, never more than was measured. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectClass } from '../../pipelines/messages.js';
import { presenceReason } from '../../runtime/scene/reasons.js';

describe('presenceReason', () => {
  it('says what, where, how long and how long it had to be', () => {
    assert.deepEqual(presenceReason('person', 'Allée', 2.1, 2), {
      fr: 'Une personne est dans la zone «\u00a0Allée\u00a0» depuis 2,1\u00a0s (seuil 2\u00a0s)',
      en: 'A person has been in zone “Allée” for 2.1 s (threshold 2 s)',
    });
  });

  it('rounds the dwell down, without losing a tenth to binary fractions', () => {
    assert.match(presenceReason('car', 'A', 2.199, 2).en, /for 2\.1 s/);
    assert.match(presenceReason('car', 'A', 0.1 + 0.2, 0.3).en, /for 0\.3 s \(threshold 0\.3 s\)/);
    assert.match(presenceReason('car', 'A', 0.29, 0.25).fr, /depuis 0,29\s/);
  });

  it('shows as many places as the threshold has', () => {
    assert.match(presenceReason('car', 'A', 0.28, 0.25).fr, /depuis 0,28\ss \(seuil 0,25\ss\)/);
    assert.match(presenceReason('car', 'A', 60, 60).en, /for 60\.0 s \(threshold 60 s\)/);
  });

  it('names no time where none was asked for', () => {
    const { fr, en } = presenceReason('bicycle', 'Quai', 0, 0);
    assert.equal(fr, 'Un vélo est dans la zone «\u00a0Quai\u00a0»');
    assert.equal(en, 'A bicycle is in zone “Quai”');
  });

  it('has its article for every class', () => {
    for (const name of objectClass.options) {
      const { fr, en } = presenceReason(name, 'A', 1, 1);
      assert.match(fr, /^Une? \p{L}+ est dans la zone/u);
      assert.match(en, /^An? \p{L}+ has been in zone/u);
    }
    assert.match(presenceReason('car', 'A', 1, 1).fr, /^Une voiture/);
    assert.match(presenceReason('animal', 'A', 1, 1).en, /^An animal/);
  });
});
