import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isListed, selectorOf } from '../src/client/selector';

const KNOWN = ['python', 'lua', 'go'];
const languages = (wanted: string[], off: string[] = []): (string | undefined)[] => [
  ...new Set(selectorOf(wanted, new Set(off), KNOWN).map((filter) => filter.language)),
];

describe('the documents that the language server sees', () => {
  it('are files here and on a remote host, unsaved ones, and cells', () => {
    assert.deepEqual(
      selectorOf(['python'], new Set(), KNOWN).map((filter) => filter.scheme),
      ['file', 'vscode-remote', 'untitled', 'vscode-notebook-cell'],
    );
  });

  it('are not those of a language that is off', () => {
    assert.deepEqual(languages(['python', 'lua'], ['lua']), ['python']);
    assert.deepEqual(languages(['*'], ['lua']), ['python', 'go']);
    assert.deepEqual(languages(['*']), [undefined]);
  });
});

describe('a language', () => {
  it('is listed by its name or by the star', () => {
    assert.equal(isListed(['lua'], 'python'), false);
    assert.equal(isListed(['*'], 'python'), true);
  });
});
