/** Looking at what goes on: the log, the settings, the model, why something is proposed. */

import * as vscode from 'vscode';
import { until } from '../again';
import type { Controller } from '../client/controller';
import { EXPLAIN } from '../client/protocol';
import { OF_THE_MACHINE, SECTION } from '../declared';
import { OPEN_LOG } from '../faults';
import type { State } from '../state';
import { OUTPUT } from '../state';
import { tell } from '../tell';
import { aboutServer } from '../view';

const SCHEME = 'vernacular-explain';
const WALKTHROUGH = 'start';

type Command = (...args: unknown[]) => Promise<void>;

export function lookingCommands(
  context: vscode.ExtensionContext,
  controller: Controller,
  state: State,
  log: vscode.LogOutputChannel,
): Record<string, Command> {
  const explanations = new Explanations();
  context.subscriptions.push(explanations);
  return {
    openLog: async () => {
      // A window that is still starting knows no log of an extension's yet, and drops the wish.
      await until(
        () => isLogOnDisplay(context.extension.id),
        () => {
          log.show();
        },
      );
    },
    openSettings: async (name) => {
      if (typeof name !== 'string' || name === '') {
        await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`);
        return;
      }
      // Settings of the machine have a tab of their own where that is a remote one; the user's tab does not show them.
      const remote = vscode.env.remoteName !== undefined && OF_THE_MACHINE.has(name);
      const command = remote ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings';
      await vscode.commands.executeCommand(command, { query: `@id:${SECTION}.${name}` });
    },
    getStarted: async () => {
      const walkthrough = `${context.extension.id}#${WALKTHROUGH}`;
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough, false);
    },
    showModel: async () => {
      const { server } = state.known;
      await tell('info', aboutServer(server).join('; '), [OPEN_LOG]);
    },
    explain: async () => {
      const editor = vscode.window.activeTextEditor;
      const { client } = controller;
      if (editor === undefined || client === undefined) {
        await tell('info', 'open a file, and put the cursor where something is proposed.');
        return;
      }
      const params = client.code2ProtocolConverter.asTextDocumentPositionParams(
        editor.document,
        editor.selection.active,
      );
      try {
        const { text } = await client.sendRequest<{ text: string }>(EXPLAIN, params);
        await explanations.show(text);
      } catch (error) {
        await tell('warning', error instanceof Error ? error.message : String(error), [OPEN_LOG]);
      }
    },
  };
}

/** Whether the output view is open, and shows a log of this extension. */
function isLogOnDisplay(extension: string): boolean {
  return vscode.window.visibleTextEditors.some(
    ({ document: { uri } }) => uri.scheme === OUTPUT && uri.path.includes(extension),
  );
}

/** A read-only document with the latest explanation. */
class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private readonly uri = vscode.Uri.from({ scheme: SCHEME, path: '/Vernacular explains.txt' });
  private text = '';

  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(): string {
    return this.text;
  }

  async show(text: string): Promise<void> {
    this.text = text;
    this.changed.fire(this.uri);
    const document = await vscode.workspace.openTextDocument(this.uri);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
