/** What happens between VS Code's wish for proposals and the language server's answer. */

import * as vscode from 'vscode';
import { read } from '../configuration';
import type { State } from '../state';
import { Busy } from './busy';
import type { Needs, Proposals } from './create';
import type { Offer } from './offers';
import { ACCEPTED } from './protocol';

/** Proposals that were handed to VS Code last. */
export interface Offers {
  readonly latest: readonly Offer[];
}

export class Proposing implements Offers, vscode.Disposable {
  latest: readonly Offer[] = [];
  private readonly busy: Busy;

  constructor(private readonly state: State) {
    this.busy = new Busy((busy) => {
      state.worked(busy);
    });
  }

  /** The language server's proposals, where ghost text is on and is wanted now. */
  readonly propose: Needs['propose'] = async (document, automatic, next) => {
    if (this.state.off(document) !== undefined || (automatic && read()('trigger') === 'manual')) {
      return null;
    }
    const proposals = await this.busy.during(next());
    const offers = offersOf(document, proposals);
    if (offers.length > 0) {
      this.latest = offers;
    }
    return proposals;
  };

  dispose(): void {
    this.busy.dispose();
  }
}

function offersOf(document: vscode.TextDocument, proposals: Proposals): Offer[] {
  const items = Array.isArray(proposals) ? proposals : (proposals?.items ?? []);
  return items.flatMap(({ insertText, range, command }) => {
    const id: unknown = command?.command === ACCEPTED ? command.arguments?.[0] : undefined;
    if (typeof id !== 'string' || typeof insertText !== 'string' || range === undefined) {
      return [];
    }
    return [{ id, uri: document.uri.toString(), start: document.offsetAt(range.start), text: insertText }];
  });
}
