import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command, Version } from '../src/server/python';
import { candidates, findPython, missingText, rangeOf, rangeText, versionOf } from '../src/server/python';

const RANGE = rangeOf('>=3.11,<3.14');
const names = (commands: readonly Command[]): string[] =>
  commands.map((each) => [each.command, ...each.args].join(' '));

/** A machine that has these commands. */
const machine = (versions: Record<string, Version>) => (command: Command) =>
  Promise.resolve(versions[[command.command, ...command.args].join(' ')]);

const found = (platform: NodeJS.Platform, versions: Record<string, Version>) =>
  findPython(candidates(platform, '', RANGE), RANGE, machine(versions));

describe('the range of versions', () => {
  it('is read from requires-python', () => {
    assert.deepEqual(RANGE, { least: 11, below: 14 });
    assert.equal(rangeText(RANGE), '3.11 to 3.13');
    assert.throws(() => rangeOf('~=3.11'), /requires-python/);
  });
});

describe('candidates', () => {
  it('are the setting alone, where there is one', () => {
    assert.deepEqual(names(candidates('linux', '/usr/bin/python9', RANGE)), ['/usr/bin/python9']);
  });

  it('have the launcher on Windows, and the versions by name elsewhere', () => {
    assert.deepEqual(names(candidates('win32', '', RANGE)), [
      'python3',
      'python',
      'py -3',
      'py -3.13',
      'py -3.12',
      'py -3.11',
    ]);
    assert.deepEqual(names(candidates('darwin', '', RANGE)), [
      'python3',
      'python',
      'python3.13',
      'python3.12',
      'python3.11',
    ]);
  });
});

describe('finding', () => {
  it('takes the first that fits', async () => {
    const answer = await found('linux', { python3: [3, 12, 1], python: [3, 13, 0] });
    assert.equal(answer.kind === 'found' && answer.python.command, 'python3');
  });

  it('goes on behind one that is too old, and one that is too new', async () => {
    const answer = await found('linux', { python3: [3, 9, 2], python: [3, 14, 0], 'python3.12': [3, 12, 7] });
    assert.equal(answer.kind === 'found' && answer.python.command, 'python3.12');
  });

  it('asks the launcher of Windows, whose python may be the shop', async () => {
    const answer = await found('win32', { 'py -3': [3, 14, 0], 'py -3.11': [3, 11, 9] });
    assert.deepEqual(answer.kind === 'found' && answer.python.args, ['-3.11']);
  });

  it('says what was tried where there is none', async () => {
    const answer = await found('darwin', {});
    assert.equal(
      answer.kind === 'missing' && missingText(answer, RANGE),
      'Python 3.11 to 3.13 is needed, and there is none (tried python3, python, python3.13).',
    );
  });

  it('says what is there where none fits', async () => {
    const answer = await found('linux', { python3: [3, 9, 2] });
    assert.equal(
      answer.kind === 'missing' && missingText(answer, RANGE),
      'Python 3.11 to 3.13 is needed; python3 is 3.9.2.',
    );
  });
});

describe('the version', () => {
  it('is read out of what else the program says', () => {
    assert.deepEqual(versionOf('a warning\r\n3 12 4\r\n'), [3, 12, 4]);
    assert.equal(
      versionOf('Python was not found; run without arguments to install from the Microsoft Store'),
      undefined,
    );
  });
});
