/**
 * What a user can set: this extension's own settings, checked, and those of the language server, which checks them
 * itself. Pure; `package.json` is the one place of names, types, defaults and descriptions.
 *
 * A setting `fooBarMs` of the language server is `foo_bar_ms` there (`lsp/settings.py`); a test of the repository
 * compares both lists.
 */

import manifest from '../package.json';

export const SECTION = 'vernacular';

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

interface Declared {
  readonly scope?: string;
  readonly type: unknown;
  readonly default: unknown;
  readonly enum?: readonly unknown[];
}

const DECLARED: ReadonlyMap<string, Declared> = new Map(
  manifest.contributes.configuration
    .flatMap((group): [string, Declared][] => Object.entries(group.properties))
    .map(([name, declared]) => [name.slice(SECTION.length + 1), declared]),
);

const OWN = [
  'languages',
  'trigger',
  'languageServer.path',
  'languageServer.python',
  'languageServer.languageFolders',
  'languageServer.logLevel',
] as const satisfies readonly (keyof OwnSettings)[];

/** Settings that belong to a machine, by their names without `vernacular.`. */
export const OF_THE_MACHINE: ReadonlySet<string> = new Set(
  [...DECLARED].filter(([, declared]) => declared.scope?.startsWith('machine')).map(([name]) => name),
);

/** Read by the language client itself. */
const CLIENTS = ['trace.server'];

/** Settings whose change needs another process. */
export const NEEDS_RESTART: readonly string[] = OWN.filter((name) => name.startsWith('languageServer.'));

/** Names of the language server's settings, as this extension spells them. */
export const SERVER_SETTINGS: readonly string[] = [...DECLARED.keys()].filter(
  (name) => !(OWN as readonly string[]).includes(name) && !CLIENTS.includes(name),
);

/** The extension's own settings; a wrong one is its default, with one line that says so. */
export function ownSettings(read: Read): { settings: OwnSettings; problems: string[] } {
  const problems: string[] = [];
  const taken = (name: keyof OwnSettings): unknown => {
    const declared = DECLARED.get(name);
    const value = read(name) ?? declared?.default;
    const expected = declared === undefined ? undefined : mismatch(value, declared);
    if (expected === undefined) {
      return value;
    }
    problems.push(`the setting ${SECTION}.${name} is ${JSON.stringify(value)}: it should be ${expected}`);
    return declared?.default;
  };
  const settings = Object.fromEntries(OWN.map((name) => [name, taken(name)]));
  return { settings: settings as unknown as OwnSettings, problems };
}

/** What is in force beside the settings. */
export interface Circumstances {
  /** Whether ghost text is on for any document. */
  enabled: boolean;
  /** Whether VS Code lets extensions tell of their use. */
  telemetryAllowed: boolean;
  /** Whether the user set `telemetry`. */
  telemetryChosen: boolean;
}

/** The settings as the language server takes them. */
export function serverSettings(read: Read, circumstances: Circumstances): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of SERVER_SETTINGS) {
    settings[snakeCase(name)] = read(name) ?? null;
  }
  // A wrong type is left to the language server, which says so.
  if (typeof settings['enabled'] === 'boolean') {
    settings['enabled'] = circumstances.enabled;
  }
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

/** What a value should be, for people; nothing where it is that. */
function mismatch(value: unknown, declared: Declared): string | undefined {
  if (declared.enum !== undefined) {
    return declared.enum.includes(value)
      ? undefined
      : `one of ${declared.enum.map((each) => JSON.stringify(each)).join(', ')}`;
  }
  if (declared.type === 'array') {
    const holds = Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
    return holds ? undefined : 'a list of texts';
  }
  return typeof value === 'string' ? undefined : 'a text';
}
