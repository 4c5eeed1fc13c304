import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HOUR_MS, isSnoozed, whereToSet, whyOff } from '../src/switch';

const NOW = new Date(2026, 0, 31, 9, 5).getTime();
const ON = { everywhere: true, language: { id: 'python', enabled: true, listed: true }, snoozedUntil: 0 };

describe('why it is off', () => {
  it('is nothing where it is on', () => {
    assert.equal(whyOff(ON, NOW), undefined);
    assert.equal(whyOff({ ...ON, language: undefined }, NOW), undefined);
  });

  it('is the switch, or the language', () => {
    const language = { id: 'python', enabled: false, listed: true };
    assert.equal(whyOff({ ...ON, everywhere: false, language }, NOW), 'off');
    assert.equal(whyOff({ ...ON, language }, NOW), 'off for python');
    assert.equal(whyOff({ ...ON, language: { ...language, enabled: true, listed: false } }, NOW), 'not for python');
  });

  it('is nothing where the language is on and all else is off', () => {
    assert.equal(whyOff({ ...ON, everywhere: false }, NOW), undefined);
  });

  it('is the hour, until it is over', () => {
    const snoozedUntil = NOW + HOUR_MS;
    assert.equal(whyOff({ ...ON, snoozedUntil }, NOW), 'off until 10:05');
    assert.equal(whyOff({ ...ON, snoozedUntil }, snoozedUntil), undefined);
  });
});

describe('an hour', () => {
  it('is over too where the clock was put back by days', () => {
    assert.equal(isSnoozed(NOW + 24 * HOUR_MS, NOW), false);
  });
});

describe('a setting', () => {
  it('is written where it has a value, the narrowest first', () => {
    assert.equal(whereToSet(undefined), 'user');
    assert.equal(whereToSet({ globalValue: true }), 'user');
    assert.equal(whereToSet({ globalValue: true, workspaceValue: true }), 'workspace');
    assert.equal(whereToSet({ workspaceValue: true, workspaceFolderValue: false }), 'folder');
  });
});
