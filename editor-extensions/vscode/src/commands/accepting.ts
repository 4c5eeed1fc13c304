/**
 * Accepting a part of a proposal: VS Code's own commands, and the language server is told of it. VS Code tells nobody,
 * so it is read from what the document became; a part of somebody else's proposal is not ours to tell.
 */

import * as vscode from 'vscode';
import type { LanguageClient } from '../client/create';
import type { Offers } from '../client/proposing';
import { partlyTaken } from '../client/offers';
import { ACCEPTED_PART } from '../client/protocol';
import { setContext } from '../state';

const BUILT_IN = {
  word: 'editor.action.inlineSuggest.acceptNextWord',
  line: 'editor.action.inlineSuggest.acceptNextLine',
} as const;

export function acceptingCommands(
  client: () => LanguageClient | undefined,
  offers: Offers,
): Record<string, () => Promise<void>> {
  const accept = async (part: keyof typeof BUILT_IN): Promise<void> => {
    const editor = vscode.window.activeTextEditor;
    const before = editor?.document.offsetAt(editor.selection.active);
    const shown = offers.latest;
    await vscode.commands.executeCommand(BUILT_IN[part]);
    if (editor === undefined || before === undefined) {
      return;
    }
    const { document } = editor;
    const end = editor.selection.active;
    const offer = partlyTaken(shown, {
      uri: document.uri.toString(),
      before,
      after: document.offsetAt(end),
      textFrom: (start) => document.getText(new vscode.Range(document.positionAt(start), end)),
    });
    if (offer !== undefined) {
      setContext('vernacular.accepted', true);
      const params = { command: ACCEPTED_PART, arguments: [offer.id, part] };
      await client()?.sendRequest('workspace/executeCommand', params);
    }
  };
  return {
    acceptNextWord: () => accept('word'),
    acceptNextLine: () => accept('line'),
    trigger: async () => {
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    },
  };
}
