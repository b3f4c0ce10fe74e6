/**
 * Promise 1, as far as types go: a MaskedFrame is made by pipelines/mask/ and a SmallPicture from a MaskedFrame,
 * by nothing else. Code that claims one elsewhere does not pass.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { product } from './source.js';
import { brandMadeIn } from './structure.js';

const maskedFrame = brandMadeIn('MaskedFrame', /^pipelines\/mask\//);
const smallPicture = brandMadeIn('SmallPicture', /^pipelines\/detect\/small-picture\.ts$/);

test('only mask/ makes a MaskedFrame', () => {
  assert.deepEqual(maskedFrame(product()), []);
});

test('only small-picture.ts makes a SmallPicture', () => {
  assert.deepEqual(smallPicture(product()), []);
});

test('negative control: a claim elsewhere is found, however it is written', () => {
  const claims = [
    'const a = raw as MaskedFrame;',
    'const a = raw as unknown as MaskedFrame;',
    'const a = <MaskedFrame>raw;',
    'const a = list as readonly MaskedFrame[];',
    'encode(raw as MaskedFrame | null);',
  ];
  for (const text of claims) {
    assert.equal(maskedFrame([{ path: 'pipelines/encode/a.ts', text }]).length, 1, text);
    assert.deepEqual(maskedFrame([{ path: 'pipelines/mask/a.ts', text }]), []);
  }
  assert.deepEqual(maskedFrame([{ path: 'pipelines/encode/a.ts', text: 'let a: MaskedFrame;' }]), []);
});

test('the place that may make one does: the rule looks at the right name', () => {
  const everywhere = brandMadeIn('MaskedFrame', /^nowhere$/)(product());
  assert.ok(everywhere.some((line) => line.startsWith('pipelines/mask/')));
});
