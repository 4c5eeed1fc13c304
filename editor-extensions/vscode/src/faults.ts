/** Faults that a person is told of, with what leads on. */

/** What a button does: the command, and its arguments. */
export interface Way {
  title: string;
  command: string;
  args?: readonly unknown[];
}

export const OPEN_LOG: Way = { title: 'Open Log', command: 'vernacular.openLog' };
export const RESTART: Way = { title: 'Restart', command: 'vernacular.restart' };
export const SET_KEY: Way = { title: 'Set API Key', command: 'vernacular.setApiKey' };
export const SIGN_IN: Way = { title: 'Sign In', command: 'vernacular.signIn' };
export const REINSTALL: Way = { title: 'Install Again', command: 'vernacular.reinstall' };

/** A button that opens one setting. */
export function openSetting(name: string, title = 'Open Setting'): Way {
  return { title, command: 'vernacular.openSettings', args: [name] };
}

/** Buttons for what the language server says: for one of its settings, or for the address where one signs in. */
export function waysOn(message: string): Way[] {
  const address = /\bhttps?:\/\/\S+$/.exec(message)?.[0];
  if (address !== undefined) {
    return [{ title: 'Open in Browser', command: 'vscode.open', args: [address] }];
  }
  return /\bsettings?\b/.test(message) ? [openSetting('', 'Open Settings')] : [];
}

/** What the place itself is the reason of, as `lsp/generating.py` has it: the log says no more of it. */
const OF_THE_PLACE: readonly unknown[] = ['no_comment', 'secret'];

/** Whether the line of a request's error is all that there is to say. */
export function saysAll(error: unknown): boolean {
  const data = error instanceof Error && 'data' in error ? error.data : undefined;
  return typeof data === 'object' && data !== null && 'code' in data && OF_THE_PLACE.includes(data.code);
}

/**
 * A notification's text: with buttons VS Code names below it where it comes from; without, the text has to.
 * A first word is capitalised, and what looks like a name or an address is left as it is.
 */
export function headed(message: string, withButtons: boolean): string {
  return withButtons ? message.replace(/^[a-z]+(?=[ ,;])/, capitalised) : `Vernacular: ${message}`;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Something that a person has to put right: one line, and ways to go on. */
export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(
    message: string,
    readonly ways: readonly Way[],
  ) {
    super(message);
  }
}

/** A person said stop. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}
