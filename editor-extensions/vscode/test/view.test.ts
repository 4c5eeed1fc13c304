import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Known } from '../src/view';
import { aboutServer, viewOf } from '../src/view';

const READY = { state: 'ready' as const, detail: 'm at http://x', model: 'm', server: 'http://x' };
const KNOWN: Known = { runner: { kind: 'running' }, server: READY, off: undefined, busy: false };
const text = (known: Partial<Known>): string => viewOf({ ...KNOWN, ...known }).text;

describe('the status bar', () => {
  it('says each state', () => {
    assert.equal(text({}), '$(check) Vernacular');
    assert.equal(text({ busy: true }), '$(loading~spin) Vernacular: working');
    assert.equal(text({ server: undefined }), '$(sync~spin) Vernacular: starting');
    assert.equal(text({ runner: { kind: 'starting', what: 'starting' } }), '$(sync~spin) Vernacular: starting');
    assert.equal(text({ server: { ...READY, state: 'unreachable' } }), '$(debug-disconnect) Vernacular: offline');
    assert.equal(text({ server: { ...READY, state: 'refused' } }), '$(key) Vernacular: no access');
    assert.equal(text({ off: 'off' }), '$(circle-slash) Vernacular: off');
    assert.equal(text({ runner: { kind: 'broken', detail: 'no Python' } }), '$(error) Vernacular: stopped');
  });

  it('does not work where the server is away', () => {
    assert.equal(
      text({ busy: true, server: { ...READY, state: 'unreachable' } }),
      '$(debug-disconnect) Vernacular: offline',
    );
  });

  it('says why in the tooltip', () => {
    assert.deepEqual(aboutServer(READY), ['m at http://x']);
    assert.deepEqual(aboutServer({ ...READY, detail: 'no answer' }), ['no answer', 'Model: m', 'Server: http://x']);
    assert.ok(viewOf({ ...KNOWN, runner: { kind: 'broken', detail: 'no Python' } }).tooltip.includes('no Python'));
  });
});
