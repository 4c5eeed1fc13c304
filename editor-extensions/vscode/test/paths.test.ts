import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { absolute, interpreterOf, needsShell } from '../src/server/paths';

describe('the interpreter of an environment', () => {
  it('lies where each system puts it', () => {
    const storage = '/Users/ann/Library/Application Support/Code/User/globalStorage/v';
    assert.equal(interpreterOf(storage, 'darwin'), `${storage}/bin/python`);
    assert.equal(interpreterOf('C:\\Users\\Ann Lee\\v', 'win32'), 'C:\\Users\\Ann Lee\\v\\Scripts\\python.exe');
  });
});

describe('a path of the settings', () => {
  it('may begin with the home folder', () => {
    assert.equal(absolute('~/bin/lsp', '/home/ann', 'linux'), '/home/ann/bin/lsp');
    assert.equal(absolute('~\\lsp.exe', 'C:\\Users\\ann', 'win32'), 'C:\\Users\\ann\\lsp.exe');
  });

  it('is refused where it is relative', () => {
    assert.equal(absolute('bin/lsp', '/home/ann', 'linux'), undefined);
    assert.equal(absolute('~ann/lsp', '/home/ann', 'linux'), undefined);
    assert.equal(absolute('C:\\lsp.exe', '/home/ann', 'linux'), undefined);
  });

  it('may have any root', () => {
    assert.equal(absolute('D:\\lsp.exe', 'C:\\Users\\ann', 'win32'), 'D:\\lsp.exe');
    assert.equal(absolute('\\\\host\\share\\lsp.exe', 'C:\\', 'win32'), '\\\\host\\share\\lsp.exe');
  });
});

describe('a batch file', () => {
  it('needs the shell on Windows alone', () => {
    assert.equal(needsShell('C:\\bin\\lsp.CMD', 'win32'), true);
    assert.equal(needsShell('C:\\bin\\lsp.exe', 'win32'), false);
    assert.equal(needsShell('/bin/lsp.cmd', 'linux'), false);
  });
});
