import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRIES, until } from '../src/again';

describe('again', () => {
  it('acts until it has happened, and then no more', async () => {
    let acts = 0;
    const act = (): void => {
      acts += 1;
    };
    assert.equal(await until(() => acts === 3, act, 0), true);
    assert.equal(acts, 3);
  });

  it('acts once even where it had happened before', async () => {
    let acts = 0;
    const act = (): void => {
      acts += 1;
    };
    assert.equal(await until(() => true, act, 0), true);
    assert.equal(acts, 1);
  });

  it('gives up', async () => {
    let acts = 0;
    const act = (): void => {
      acts += 1;
    };
    assert.equal(await until(() => false, act, 0), false);
    assert.equal(acts, TRIES);
  });
});
