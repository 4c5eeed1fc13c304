import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Anchor } from '../src/generate/anchor';

// 'one\n# say hi\nend\n': the comment is 4 to 12, the place its end.
const anchor = (): Anchor => new Anchor(12, 4, 12);

describe('a place', () => {
  it('moves with edits before it', () => {
    const place = anchor();
    place.moved([{ offset: 0, length: 0, text: 'zero\n' }]);
    assert.equal(place.offset, 17);
    place.moved([{ offset: 0, length: 5, text: '' }]);
    assert.equal(place.offset, 12);
  });

  it('stays with edits behind it', () => {
    const place = anchor();
    place.moved([{ offset: 13, length: 3, text: 'END' }]);
    place.moved([{ offset: 12, length: 0, text: '\nmore' }]);
    assert.equal(place.offset, 12);
  });

  it('stays with several edits at once', () => {
    const place = anchor();
    place.moved([
      { offset: 0, length: 0, text: 'ab' },
      { offset: 13, length: 0, text: 'cd' },
    ]);
    assert.equal(place.offset, 14);
  });

  it('is lost where the comment was changed, for good', () => {
    const place = anchor();
    place.moved([{ offset: 6, length: 3, text: 'sing' }]);
    assert.equal(place.offset, undefined);
    place.moved([{ offset: 0, length: 0, text: 'x\n' }]);
    assert.equal(place.offset, undefined);
  });

  it('is lost where its line was written on, or joined with another', () => {
    for (const edit of [
      { offset: 12, length: 0, text: ' there' },
      { offset: 12, length: 1, text: '' },
      { offset: 3, length: 1, text: '' },
      { offset: 4, length: 0, text: 'x' },
    ]) {
      const place = anchor();
      place.moved([edit]);
      assert.equal(place.offset, undefined, JSON.stringify(edit));
    }
  });
});
