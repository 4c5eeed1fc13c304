/** What VS Code's other tools say of a document goes to the language server, which shows the model what they say of the
 * lines at the cursor. */

import * as vscode from 'vscode';
import type { LanguageClient } from './create';
import { DIAGNOSTICS } from './protocol';
import type { Filter } from './selector';

/** More are of no use: those at the cursor are what is looked at. */
const MOST = 200;

/** Tells the language server of the diagnostics of what is open, now and whenever they change. */
export function followDiagnostics(
  client: () => LanguageClient | undefined,
  selector: () => Filter[],
): vscode.Disposable {
  return vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    const running = client();
    if (running === undefined) {
      return;
    }
    const changed = new Set(uris.map(String));
    for (const document of vscode.workspace.textDocuments) {
      if (changed.has(document.uri.toString()) && vscode.languages.match(selector(), document) > 0) {
        void running.sendNotification(DIAGNOSTICS, paramsOf(running, document)).catch(() => undefined);
      }
    }
  });
}

function paramsOf(client: LanguageClient, document: vscode.TextDocument): object {
  const converter = client.code2ProtocolConverter;
  const found = vscode.languages.getDiagnostics(document.uri).slice(0, MOST);
  return {
    uri: converter.asUri(document.uri),
    diagnostics: found.map(({ range, message }) => ({ range: converter.asRange(range), message })),
  };
}
