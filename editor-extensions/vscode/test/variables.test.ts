import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forPython, withProxy } from '../src/server/variables';

const NONE = { proxy: '', noProxy: [], support: 'override' };
const PROXY = { ...NONE, proxy: 'http://proxy.example:3128' };

describe('the proxy', () => {
  it('of the settings goes before that of the environment, in both spellings', () => {
    const variables = withProxy({ https_proxy: 'http://old', PATH: '/bin' }, PROXY, 'linux');
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) {
      assert.equal(variables[name], PROXY.proxy);
    }
    assert.equal(variables['PATH'], '/bin');
  });

  it('is never asked for this machine', () => {
    const variables = withProxy({ no_proxy: '.corp' }, { ...PROXY, noProxy: ['git.example'] }, 'darwin');
    assert.equal(variables['NO_PROXY'], '.corp,git.example,127.0.0.1,localhost,::1');
    assert.equal(variables['no_proxy'], variables['NO_PROXY']);
  });

  it('has one spelling on Windows, whatever it was before', () => {
    const variables = withProxy({ Http_Proxy: 'http://old' }, PROXY, 'win32');
    const names = Object.keys(variables).filter((name) => name.toUpperCase() === 'HTTP_PROXY');
    assert.deepEqual(names, ['HTTP_PROXY']);
  });

  it('is left as it is without a setting, or where VS Code is told to use none', () => {
    assert.deepEqual(withProxy({ PATH: '/bin' }, NONE, 'linux'), { PATH: '/bin' });
    assert.deepEqual(withProxy({ PATH: '/bin' }, { ...PROXY, support: 'off' }, 'linux'), { PATH: '/bin' });
    assert.equal(withProxy({ HTTP_PROXY: 'http://env' }, NONE, 'linux')['HTTP_PROXY'], 'http://env');
  });
});

describe("Python's environment", () => {
  it('has nothing of the one that VS Code was started in', () => {
    const variables = forPython({ PYTHONPATH: '/work', PYTHONHOME: '/x', VIRTUAL_ENV: '/y', HOME: '/home/ann' });
    assert.deepEqual(variables, { HOME: '/home/ann', PYTHONUTF8: '1', PYTHONUNBUFFERED: '1' });
  });
});
