import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Offer } from '../src/client/offers';
import { partlyTaken } from '../src/client/offers';

const URI = 'file:///a.py';
const OFFER: Offer = { id: '1', uri: URI, start: 4, text: 'hello big world\nmore' };

const taken = (text: string, before: number, after: number, uri = URI) => ({
  uri,
  before,
  after,
  textFrom: (start: number) => text.slice(start, after),
});

describe('a part that was taken', () => {
  it('is of the offer that goes on from it', () => {
    assert.equal(partlyTaken([OFFER], taken('x = hello', 4, 9)), OFFER);
    assert.equal(partlyTaken([OFFER], taken('x = hello big', 9, 13)), OFFER);
  });

  it('is of the one of several that was on display', () => {
    const other = { ...OFFER, id: '2', text: 'help me' };
    assert.equal(partlyTaken([OFFER, other], taken('x = help', 4, 8)), other);
  });

  it('may have the line ends of Windows', () => {
    const offer = { ...OFFER, start: 0, text: 'a\nb c' };
    assert.equal(partlyTaken([offer], taken('a\r\nb', 0, 4)), offer);
  });

  it('is nobody’s where nothing was taken, or something else, or elsewhere', () => {
    assert.equal(partlyTaken([OFFER], taken('x = hello', 9, 9)), undefined);
    assert.equal(partlyTaken([OFFER], taken('x = other', 4, 9)), undefined);
    assert.equal(partlyTaken([OFFER], taken('x = hello', 4, 9, 'file:///b.py')), undefined);
    assert.equal(partlyTaken([OFFER], taken('hell', 0, 4)), undefined);
  });

  it('is not told where it was all of it: VS Code runs the command then', () => {
    const all = `x = ${OFFER.text}`;
    assert.equal(partlyTaken([OFFER], taken(all, 4, all.length)), undefined);
  });
});
