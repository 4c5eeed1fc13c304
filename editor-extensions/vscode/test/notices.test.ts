import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServerState } from '../src/client/protocol';
import { statusOf } from '../src/client/protocol';
import { Notices } from '../src/notices';

const status = (state: ServerState) => ({ state, detail: 'why' });

describe('notices', () => {
  it('are given once, and again after it was ready', () => {
    const notices = new Notices();
    assert.match(notices.due(status('unreachable'))?.message ?? '', /cannot be reached: why/);
    assert.equal(notices.due(status('unreachable')), undefined);
    assert.equal(notices.due(status('starting')), undefined);
    assert.equal(notices.due(status('unreachable')), undefined);
    assert.equal(notices.due(status('ready')), undefined);
    assert.ok(notices.due(status('unreachable')));
  });

  it('leave out what to do in a terminal', () => {
    const refused = { state: 'refused' as const, detail: 'http://x: a key is needed; run `vernacular login`, or else' };
    assert.match(new Notices().due(refused)?.message ?? '', /sent: http:\/\/x: a key is needed$/);
  });

  it('lead on', () => {
    const notices = new Notices();
    assert.deepEqual(
      notices.due(status('refused'))?.ways.map((way) => way.title),
      ['Set API Key', 'Sign In'],
    );
    for (const state of ['unreachable', 'failed', 'incompatible'] as const) {
      assert.ok((notices.due(status(state))?.ways.length ?? 0) > 0);
    }
  });

  it('leave what ends by itself to the status bar', () => {
    const notices = new Notices();
    for (const state of ['unknown', 'ready', 'starting', 'slow'] as const) {
      assert.equal(notices.due(status(state)), undefined);
    }
  });

  it('are given of a server that is slow and never was anything else', () => {
    const notices = new Notices();
    assert.match(notices.due(status('slow'))?.message ?? '', /does not answer: why/);
    assert.equal(notices.due(status('slow')), undefined);
    assert.equal(notices.due(status('ready')), undefined);
    assert.equal(notices.due(status('slow')), undefined);
    notices.forget();
    assert.ok(notices.due(status('slow')));
  });
});

describe('a status from the wire', () => {
  it('is unknown where it is none', () => {
    assert.deepEqual(statusOf({ state: 'new', detail: 3 }), { state: 'unknown', detail: '', model: null });
    assert.equal(statusOf(null).state, 'unknown');
    assert.equal(statusOf({ state: 'ready', detail: 'd', model: 'm', server: 's' }).model, 'm');
  });
});
