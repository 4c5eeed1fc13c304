/**
 * Whether ghost text is on: everywhere, for one language, or off until a time. Pure.
 */

export const HOUR_MS = 3_600_000;

/** What the switches say, for one document or for none. */
export interface Switches {
  /** `vernacular.enabled` without regard to a language. */
  everywhere: boolean;
  /** `vernacular.enabled` for the document's language; `undefined` where there is no document. */
  language: { id: string; enabled: boolean; listed: boolean } | undefined;
  /** Milliseconds since 1970 until which it is off; 0: it is not. */
  snoozedUntil: number;
}

/** Why ghost text is off, in a few words for people; `undefined` where it is on. */
export function whyOff(switches: Switches, now: number): string | undefined {
  if (isSnoozed(switches.snoozedUntil, now)) {
    return `off until ${clock(switches.snoozedUntil)}`;
  }
  const { language } = switches;
  if (language !== undefined && !language.listed) {
    return `not for ${language.id}`;
  }
  if (language !== undefined && language.enabled !== switches.everywhere) {
    return language.enabled ? undefined : `off for ${language.id}`;
  }
  return switches.everywhere ? undefined : 'off';
}

export function isSnoozed(until: number, now: number): boolean {
  // A clock that was put back must not leave it off for days.
  return until > now && until - now <= HOUR_MS;
}

/** Where a setting has a value, as VS Code's `inspect` says it. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** Where to write a setting so that it takes effect: the narrowest place that has one already, else the user's. */
export function whereToSet(inspected: Inspected | undefined): 'folder' | 'workspace' | 'user' {
  if (inspected?.workspaceFolderValue !== undefined) {
    return 'folder';
  }
  return inspected?.workspaceValue !== undefined ? 'workspace' : 'user';
}

function clock(time: number): string {
  const date = new Date(time);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}
