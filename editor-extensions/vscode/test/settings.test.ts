import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SERVER_SETTINGS, ownSettings, serverSettings, snakeCase } from '../src/settings';

const reader = (values: Record<string, unknown>) => (name: string) => values[name];
const HERE = { enabled: true, telemetryAllowed: true, telemetryChosen: false };

describe("the extension's own settings", () => {
  it('are the defaults where nothing is set', () => {
    const { settings, problems } = ownSettings(reader({}));
    assert.deepEqual(problems, []);
    assert.equal(settings.trigger, 'automatic');
    assert.equal(settings['languageServer.path'], '');
    assert.ok(settings.languages.includes('moonbit'));
  });

  it('are the defaults where they are wrong, and each is said', () => {
    const { settings, problems } = ownSettings(reader({ languages: 'python', trigger: 1, 'languageServer.path': [] }));
    assert.ok(settings.languages.includes('moonbit'));
    assert.equal(settings.trigger, 'automatic');
    assert.deepEqual(problems, [
      'the setting vernacular.languages is "python": it should be a list of texts',
      'the setting vernacular.trigger is 1: it should be one of "automatic", "manual"',
      'the setting vernacular.languageServer.path is []: it should be a text',
    ]);
  });
});

describe("the language server's settings", () => {
  it('have its own names', () => {
    assert.equal(snakeCase('maxNewTokens'), 'max_new_tokens');
    assert.ok(SERVER_SETTINGS.includes('serverUrl'));
    assert.ok(!SERVER_SETTINGS.includes('languageServer.path'));
    assert.ok(!SERVER_SETTINGS.includes('trace.server'));
  });

  it('are handed over as they are, right or wrong: the language server says which are wrong', () => {
    const settings = serverSettings(reader({ serverUrl: 'ftp://x', candidates: 'many' }), HERE);
    assert.equal(settings['server_url'], 'ftp://x');
    assert.equal(settings['candidates'], 'many');
    assert.equal(settings['ignore'], null);
  });

  it('are off where ghost text is, unless that is no switch at all', () => {
    assert.equal(serverSettings(reader({ enabled: true }), { ...HERE, enabled: false })['enabled'], false);
    assert.equal(serverSettings(reader({ enabled: 'no' }), HERE)['enabled'], 'no');
  });

  it('ask for nothing ahead of a person who asks by hand', () => {
    assert.equal(serverSettings(reader({ trigger: 'manual', askEarly: true }), HERE)['ask_early'], false);
  });

  it("follow VS Code's telemetry unless the user chose", () => {
    const off = { ...HERE, telemetryAllowed: false };
    assert.equal(serverSettings(reader({ telemetry: 'on' }), off)['telemetry'], 'off');
    assert.equal(serverSettings(reader({ telemetry: 'on' }), { ...off, telemetryChosen: true })['telemetry'], 'on');
    assert.equal(serverSettings(reader({ telemetry: 'text' }), HERE)['telemetry'], 'text');
  });
});
