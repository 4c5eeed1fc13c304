/**
 * What a user can set: this extension's own settings, and those of the language server. Pure; types are checked here,
 * against `package.json`, so that all that is wrong is said at once.
 *
 * A setting `fooBarMs` of the language server is `foo_bar_ms` there (`lsp/settings.py`); a test of the repository
 * compares both lists.
 */

import { DECLARED, SECTION, mismatch } from './declared';

/** Reads one setting by its name without `vernacular.`; `undefined` where there is none. */
export type Read = (name: string) => unknown;

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Settings that are the extension's, by their names without `vernacular.`. The others go to the language server. */
export interface OwnSettings {
  languages: readonly string[];
  trigger: 'automatic' | 'manual';
  'languageServer.path': string;
  'languageServer.python': string;
  'languageServer.languageFolders': readonly string[];
  'languageServer.logLevel': LogLevel;
}

const OWN = [
  'languages',
  'trigger',
  'languageServer.path',
  'languageServer.python',
  'languageServer.languageFolders',
  'languageServer.logLevel',
] as const satisfies readonly (keyof OwnSettings)[];

/** Read by the language client itself. */
const CLIENTS = ['trace.server'];

/** Settings whose change needs another process. */
export const NEEDS_RESTART: readonly string[] = OWN.filter((name) => name.startsWith('languageServer.'));

/** Names of the language server's settings, as this extension spells them. */
export const SERVER_SETTINGS: readonly string[] = [...DECLARED.keys()].filter(
  (name) => !(OWN as readonly string[]).includes(name) && !CLIENTS.includes(name),
);

/** The extension's own settings; a wrong one is its default. */
export function ownSettings(read: Read): OwnSettings {
  const taken = OWN.map((name): [string, unknown] => [
    name,
    problemOf(name, read) === undefined ? valueOf(name, read) : defaultOf(name),
  ]);
  return Object.fromEntries(taken) as unknown as OwnSettings;
}

/** One line for each setting that is wrong. */
export function settingProblems(read: Read): string[] {
  return [...OWN, ...SERVER_SETTINGS].flatMap((name) => problemOf(name, read) ?? []);
}

function problemOf(name: string, read: Read): string | undefined {
  const declared = DECLARED.get(name);
  const value = valueOf(name, read);
  const expected = declared === undefined ? undefined : mismatch(value, declared);
  return expected === undefined
    ? undefined
    : `the setting ${SECTION}.${name} is ${JSON.stringify(value)}: it should be ${expected}`;
}

const valueOf = (name: string, read: Read): unknown => read(name) ?? defaultOf(name);
const defaultOf = (name: string): unknown => DECLARED.get(name)?.default;

/** What is in force beside the settings. */
export interface Circumstances {
  /** Whether ghost text is on for any document. */
  enabled: boolean;
  /** Whether VS Code lets extensions tell of their use. */
  telemetryAllowed: boolean;
  /** Whether the user set `telemetry`. */
  telemetryChosen: boolean;
}

/** The settings as the language server takes them; for one that is of a wrong type, its default. */
export function serverSettings(read: Read, circumstances: Circumstances): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of SERVER_SETTINGS) {
    settings[snakeCase(name)] = problemOf(name, read) === undefined ? (read(name) ?? null) : null;
  }
  settings['enabled'] = circumstances.enabled;
  if (read('trigger') === 'manual') {
    settings['ask_early'] = false;
  }
  if (!circumstances.telemetryAllowed && !circumstances.telemetryChosen) {
    settings['telemetry'] = 'off';
  }
  return settings;
}

/** `fooBarMs` as `foo_bar_ms`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
