/** Keys and signing in. */

import * as vscode from 'vscode';
import type { Controller } from '../client/controller';
import { SIGN_IN, SIGN_OUT } from '../client/protocol';
import { serverUrl } from '../configuration';
import { OPEN_LOG, RESTART, SET_KEY } from '../faults';
import type { Keys } from '../keys';
import { keyProblem } from '../keys';
import { tell } from '../tell';

export function accountCommands(controller: Controller, keys: Keys): Record<string, () => Promise<void>> {
  return {
    setApiKey: async () => {
      const server = serverUrl();
      const key = await vscode.window.showInputBox({
        title: `API key for ${server}`,
        prompt: 'It is kept in the secret storage of VS Code, and sent to this server only.',
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) => (text === '' ? undefined : keyProblem(text)),
      });
      if (key !== undefined && keyProblem(key) === undefined) {
        await keys.set(server, key.trim());
      }
    },
    signIn: async () => {
      const { client } = controller;
      if (client === undefined) {
        await tell('warning', 'the language server does not run.', [RESTART, OPEN_LOG]);
        return;
      }
      const options = { location: vscode.ProgressLocation.Notification, title: 'Signing in', cancellable: true };
      try {
        const { detail } = await vscode.window.withProgress(options, (_progress, token) =>
          client.sendRequest<{ detail: string }>(SIGN_IN, {}, token),
        );
        // A key goes before a token: the one that did not open the door is in the way.
        if ((await keys.get(serverUrl())) !== undefined) {
          await keys.forget(serverUrl());
        }
        await tell('info', detail);
      } catch (error) {
        if (!(error instanceof vscode.CancellationError)) {
          await tell('warning', messageOf(error), [SET_KEY, OPEN_LOG]);
        }
      }
    },
    signOut: async () => {
      try {
        await controller.client?.sendRequest(SIGN_OUT, {});
        await keys.forget(serverUrl());
        await tell('info', `the key and the token for ${serverUrl()} are forgotten.`);
      } catch (error) {
        await tell('warning', messageOf(error), [OPEN_LOG]);
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
