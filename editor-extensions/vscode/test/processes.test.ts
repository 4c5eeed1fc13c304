import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { run } from '../src/server/processes';

const OPTIONS = { cwd: tmpdir(), variables: process.env };
const node = (code: string, options = {}) =>
  run({ command: process.execPath, args: ['-e'] }, [code], { ...OPTIONS, ...options });

describe('a program', () => {
  it('gives its status, and both outputs line by line', async () => {
    const lines: string[] = [];
    const code = "process.stdout.write('one\\ntw'); setTimeout(() => { console.error('o'); process.exitCode = 3 }, 20)";
    const ended = await node(code, { line: (line: string) => lines.push(line) });
    assert.equal(ended.status, 3);
    assert.deepEqual(lines, ['one', 'two']);
  });

  it('that is not there has no status', async () => {
    const ended = await run({ command: 'no-such-program', args: [] }, [], OPTIONS);
    assert.equal(ended.status, undefined);
    assert.match(ended.problem, /ENOENT/);
  });

  it('that was ended is gone when that is said', async () => {
    const abort = new AbortController();
    let pid = 0;
    const line = (text: string): void => {
      pid = Number(text);
      abort.abort();
    };
    const ended = await node('console.log(process.pid); setInterval(() => 0, 1000)', { line, signal: abort.signal });
    assert.equal(ended.status, undefined);
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
  });

  it('is ended at once where that was said before', async () => {
    const ended = await node('setInterval(() => 0, 1000)', { signal: AbortSignal.abort() });
    assert.equal(ended.status, undefined);
  });
});
