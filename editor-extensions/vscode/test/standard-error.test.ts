import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Levels } from '../src/client/standard-error';

describe('a line of standard error', () => {
  it('is shown at its own level, and what belongs to it too', () => {
    const said = [
      'a library says hello',
      'INFO lsp.client: ok session=1 request=2',
      'ERROR lsp.link: request 2 failed',
      'Traceback (most recent call last):',
      '  File "x.py", line 1',
      'WARNING lsp.workbench: odd',
      'DEBUG pygls: a message',
      'error: pygls is not installed',
    ];
    const levels = new Levels();
    assert.deepEqual(
      said.map((line) => levels.of(line)),
      ['info', 'info', 'error', 'error', 'error', 'warn', 'debug', 'error'],
    );
  });
});
