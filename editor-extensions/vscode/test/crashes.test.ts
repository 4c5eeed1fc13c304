import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Crashes, MOST, Tail, WITHIN_MS } from '../src/client/crashes';

describe('crashes', () => {
  it('in a loop end at the fifth', () => {
    const crashes = new Crashes(() => 1000);
    assert.deepEqual(
      Array.from({ length: MOST }, () => crashes.happened()),
      [true, true, true, true, false],
    );
  });

  it('that are rare never end', () => {
    let now = 0;
    const crashes = new Crashes(() => now);
    for (let count = 0; count < 20; count += 1) {
      now += WITHIN_MS / (MOST - 1);
      assert.equal(crashes.happened(), true);
    }
  });

  it('before a person started it do not count', () => {
    const crashes = new Crashes(() => 1000);
    for (let count = 0; count < MOST; count += 1) {
      crashes.happened();
    }
    crashes.forget();
    assert.equal(crashes.happened(), true);
  });
});

describe('the last words', () => {
  it('are the last line, in whatever pieces it came', () => {
    const tail = new Tail();
    for (const piece of ['Traceback\r\nValueErr', 'or: no\r\n', '\n']) {
      tail.add(piece);
    }
    assert.equal(tail.lastLine, 'ValueError: no');
  });

  it('are kept short', () => {
    const tail = new Tail(8);
    tail.add('0123456789');
    assert.equal(tail.lastLine, '23456789');
  });
});
