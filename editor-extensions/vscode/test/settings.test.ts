import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SERVER_SETTINGS, ownSettings, serverSettings, settingProblems, snakeCase } from '../src/settings';

const reader = (values: Record<string, unknown>) => (name: string) => values[name];
const HERE = { enabled: true, telemetryAllowed: true, telemetryChosen: false };

describe("the extension's own settings", () => {
  it('are the defaults where nothing is set', () => {
    const settings = ownSettings(reader({}));
    assert.deepEqual(settingProblems(reader({})), []);
    assert.equal(settings.trigger, 'automatic');
    assert.equal(settings['languageServer.path'], '');
    assert.ok(settings.languages.includes('moonbit'));
  });

  it('are the defaults where they are wrong', () => {
    const settings = ownSettings(reader({ languages: 'python', trigger: 1, 'languageServer.path': [] }));
    assert.ok(settings.languages.includes('moonbit'));
    assert.equal(settings.trigger, 'automatic');
    assert.equal(settings['languageServer.path'], '');
  });
});

describe('a setting that is wrong', () => {
  const CASES: [string, unknown, string][] = [
    ['languages', 'python', '"python": it should be a list of texts'],
    ['trigger', 1, '1: it should be one of "automatic", "manual"'],
    ['languageServer.path', [], '[]: it should be a text'],
    ['enabled', 'no', '"no": it should be true or false'],
    ['apiKeyFile', 5, '5: it should be a text or null'],
    ['candidates', 9, '9: it should be a whole number from 1 to 8'],
    ['candidates', 1.5, '1.5: it should be a whole number from 1 to 8'],
    ['timeoutS', 0, '0: it should be a number above 0 to 120'],
    ['timeoutS', 'soon', '"soon": it should be a number above 0 to 120'],
    ['debounceMs', 'later', '"later": it should be "auto" or a whole number from 0 to 2000'],
  ];
  for (const [name, value, said] of CASES) {
    it(`is said: ${name} is ${JSON.stringify(value)}`, () => {
      assert.deepEqual(settingProblems(reader({ [name]: value })), [`the setting vernacular.${name} is ${said}`]);
    });
  }

  it('is nothing else than what is right', () => {
    const right = { debounceMs: 'auto', apiKeyFile: '/a', timeoutS: 0.5, candidates: 8, languages: [], enabled: false };
    assert.deepEqual(settingProblems(reader(right)), []);
    assert.deepEqual(settingProblems(reader({ debounceMs: 0, apiKeyFile: null })), []);
  });
});

describe("the language server's settings", () => {
  it('have its own names', () => {
    assert.equal(snakeCase('maxNewTokens'), 'max_new_tokens');
    assert.ok(SERVER_SETTINGS.includes('serverUrl'));
    assert.ok(!SERVER_SETTINGS.includes('languageServer.path'));
    assert.ok(!SERVER_SETTINGS.includes('trace.server'));
  });

  it('are handed over, but for those of a wrong type', () => {
    const settings = serverSettings(reader({ serverUrl: 'ftp://x', candidates: 'many' }), HERE);
    assert.equal(settings['server_url'], 'ftp://x');
    assert.equal(settings['candidates'], null);
    assert.equal(settings['ignore'], null);
  });

  it('are off where ghost text is', () => {
    assert.equal(serverSettings(reader({ enabled: true }), { ...HERE, enabled: false })['enabled'], false);
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
