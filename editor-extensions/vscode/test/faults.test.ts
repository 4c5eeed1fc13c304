import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headed, openSetting, saysAll, waysOn } from '../src/faults';

describe('what the language server says', () => {
  it('leads to the settings, or to where one signs in', () => {
    assert.deepEqual(waysOn("vernacular: unknown setting 'colour'"), [openSetting('', 'Open Settings')]);
    const [way] = waysOn('vernacular: enter ABCD at https://issuer.example/device');
    assert.deepEqual(way?.args, ['https://issuer.example/device']);
    assert.deepEqual(waysOn('vernacular: a language file is wrong'), []);
  });
});

describe('a request that failed', () => {
  it('leads to the log, but where its place is the whole reason', () => {
    const failed = (data?: unknown): Error => Object.assign(new Error('no'), { data });
    assert.equal(saysAll(failed({ code: 'no_comment' })), true);
    for (const error of [failed({ code: 'internal' }), failed(), failed('no_comment'), new Error('no'), 'no_comment']) {
      assert.equal(saysAll(error), false);
    }
  });
});

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
