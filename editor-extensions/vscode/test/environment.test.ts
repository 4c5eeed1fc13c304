import assert from 'node:assert/strict';
import { access, mkdtemp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Site } from '../src/server/environment';
import { folderOf, install, installed, pipArguments, pipProblem, removeUnused } from '../src/server/environment';
import type { Manifest } from '../src/server/manifest';
import { Cancelled, Fault } from '../src/faults';

const MANIFEST: Manifest = {
  version: '0.1.0',
  requiresPython: '>=3.11,<3.14',
  wheel: 'vernacular-0.1.0-py3-none-any.whl',
  lock: 'lock.txt',
  wheels: null,
  digest: '0123456789abcdef',
};
const ENDED = { status: 1, problem: '' };

describe('the arguments of pip', () => {
  it('take the locked versions, and compile nothing', () => {
    const given = pipArguments('/ext/server', MANIFEST).join(' ');
    assert.match(given, /^-I -m pip install /);
    assert.match(given, /--only-binary :all: .*--constraint \/ext\/server\/lock.txt \/ext\/server\/vernacular-/);
    assert.doesNotMatch(given, /--no-index/);
  });

  it('ask no index where the wheels are there', () => {
    const given = pipArguments('/ext/server', { ...MANIFEST, wheels: 'wheels' }).join(' ');
    assert.match(given, /--no-index --find-links \/ext\/server\/wheels/);
  });
});

describe("pip's problem", () => {
  it('is the index where that cannot be reached', () => {
    const output = "WARNING: Retrying after 'ProxyError('Cannot connect to proxy.')'\nERROR: No matching distribution";
    assert.match(pipProblem({ ...ENDED, output }), /^the package index cannot be reached \(ProxyError\)/);
  });

  it('is its own words otherwise', () => {
    assert.equal(pipProblem({ ...ENDED, output: 'x\r\nERROR: no space left\r\nbye\r\n' }), 'no space left');
    assert.equal(pipProblem({ ...ENDED, output: '' }), 'exit status 1');
    const nothing = 'ERROR: Cannot install vernacular\n\nERROR: ResolutionImpossible: for help visit https://x';
    assert.equal(
      pipProblem({ ...ENDED, output: nothing }),
      'the package index has not what is needed: Cannot install vernacular',
    );
  });
});

describe('an environment', () => {
  let storage = '';
  let site: Site;

  before(async () => {
    storage = await mkdtemp(path.join(tmpdir(), 'vernacular '));
    site = {
      extension: storage,
      storage,
      platform: 'linux',
      architecture: 'linux-x64',
      variables: {},
      log: () => undefined,
    };
    await Promise.all([write(0), write(1)]);
  });
  after(() => rm(storage, { recursive: true }));

  /** Writes a Python whose `-m venv` makes the folder, with an interpreter that ends with `status`. */
  const write = (status: number): Promise<void> => {
    const made = `#!/bin/sh\\nexit ${status}\\n`;
    const lines = ['#!/bin/sh', 'mkdir -p "$4/bin"', `printf '${made}' > "$4/bin/python"`, 'chmod +x "$4/bin/python"'];
    return writeFile(path.join(storage, `python-${status}`), `${lines.join('\n')}\n`, { mode: 0o755 });
  };
  const make = (status: number, signal = new AbortController().signal) => {
    const python = { command: path.join(storage, `python-${status}`), args: [], version: [3, 11, 0] } as const;
    return install(site, MANIFEST, python, () => undefined, signal);
  };
  const folders = async () => (await readdir(storage)).filter((name) => name.startsWith('language-server'));

  it('that could not be made whole leaves nothing', async () => {
    await assert.rejects(make(1), Fault);
    assert.deepEqual(await folders(), []);
    assert.equal(await installed(site, MANIFEST), undefined);
  });

  it('that was cancelled leaves nothing', async () => {
    await assert.rejects(make(0, AbortSignal.abort()), Cancelled);
    assert.deepEqual(await folders(), []);
  });

  it('is there whole, and is another for another package', async () => {
    const interpreter = await make(0);
    assert.equal(await installed(site, MANIFEST), interpreter);
    assert.equal(await installed(site, { ...MANIFEST, digest: 'fedcba9876543210' }), undefined);
    assert.deepEqual(await folders(), ['language-server-0.1.0-0123456789ab-linux-x64']);
  });

  it('that another window made at the same time is taken', async () => {
    const [one, other] = await Promise.all([make(0), make(0)]);
    assert.equal(one, other);
    assert.equal((await folders()).length, 1);
  });

  it('whose Python was taken away is made anew', async () => {
    const interpreter = await make(0);
    await rm(interpreter);
    assert.equal(await installed(site, MANIFEST), undefined);
    assert.equal(await make(0), interpreter);
    await access(interpreter);
  });

  it('that nobody used for a week goes', async () => {
    const old = path.join(storage, 'language-server-0.0.9-aaaa-linux-x64');
    const young = path.join(storage, 'language-server-0.0.8-bbbb-linux-x64');
    await Promise.all([mkdir(old), mkdir(young)]);
    const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
    await utimes(old, longAgo, longAgo);
    await removeUnused(site, MANIFEST);
    assert.deepEqual((await folders()).sort(), [path.basename(young), path.basename(folderOf(site, MANIFEST))].sort());
  });
});
