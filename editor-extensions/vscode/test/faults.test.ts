import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headed } from '../src/faults';

describe('the text of a notification', () => {
  it('names the extension where VS Code does not', () => {
    assert.equal(headed('open a file', false), 'Vernacular: open a file');
    assert.equal(headed('open a file', true), 'Open a file');
  });

  it('leaves names and addresses as they are', () => {
    for (const message of ['vernacular.serverUrl is wrong', 'http://x: no', 'main.py has changed', 'The server']) {
      assert.equal(headed(message, true), message);
    }
  });
});
