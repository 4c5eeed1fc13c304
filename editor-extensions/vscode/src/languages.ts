/** Which documents get ghost text: those of the settings' languages, and of in-house ones that came with an extension. */

import * as vscode from 'vscode';
import { isListed } from './client/selector';
import { isEnabled, own } from './configuration';
import type { Switches } from './switch';
import { whyOff } from './switch';

/** Extensions of this publisher contribute an in-house language: `vernacular languages editor-support` writes them. */
const PUBLISHER = 'vernacular-languages.';

export function wantedLanguages(): string[] {
  return [...own().languages, ...inHouse()];
}

/** Why ghost text is off for a document, or at all where there is none; `undefined`: it is on. */
export function offFor(document: vscode.TextDocument | undefined, snoozedUntil: number): string | undefined {
  const switches: Switches = { everywhere: isEnabled(), language: undefined, snoozedUntil };
  if (document !== undefined) {
    const id = document.languageId;
    const listed = isListed(wantedLanguages(), id);
    switches.language = { id, enabled: isEnabled({ languageId: id }), listed };
  }
  return whyOff(switches, Date.now());
}

function inHouse(): string[] {
  return vscode.extensions.all
    .filter((extension) => extension.id.toLowerCase().startsWith(PUBLISHER))
    .flatMap((extension) => idsOf(extension.packageJSON));
}

function idsOf(manifest: unknown): string[] {
  const languages = field(field(manifest, 'contributes'), 'languages');
  return Array.isArray(languages)
    ? languages.map((each) => field(each, 'id')).filter((id): id is string => typeof id === 'string')
    : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
