/**
 * The extension's start: wires the parts, and leaves the work for after.
 *
 * Activation only registers. Finding and starting the language server, and loading the language client, come when
 * VS Code's own start is over. In a folder that is not trusted there is nothing but an item in the status bar.
 */

import * as vscode from 'vscode';
import { Controller } from './client/controller';
import { followDiagnostics } from './client/diagnostics';
import { Proposing } from './client/proposing';
import type { ServerStatus } from './client/protocol';
import { accountCommands } from './commands/account';
import { acceptingCommands } from './commands/accepting';
import { lookingCommands } from './commands/looking';
import { showMenu } from './commands/menu';
import { switchingCommands } from './commands/switching';
import * as configuration from './configuration';
import { waysOn } from './faults';
import { Generation } from './generate/generate';
import { Keys } from './keys';
import { offFor } from './languages';
import { Notices } from './notices';
import { LanguageServer } from './server/language-server';
import { State, setContext } from './state';
import { statusBar, untrustedItem } from './status';
import { tell, tellFault } from './tell';
import { watchSettings } from './watch';

let controller: Controller | undefined;

export function activate(context: vscode.ExtensionContext): void {
  if (vscode.workspace.isTrusted) {
    begin(context);
    return;
  }
  const item = untrustedItem();
  context.subscriptions.push(
    item,
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      item.dispose();
      begin(context);
    }),
  );
}

function begin(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Vernacular', { log: true });
  const state = new State(context.globalState);
  const keys = new Keys(context.secrets);
  const proposing = new Proposing(state);
  const notices = new Notices();
  const server = new LanguageServer(context, keys, log);

  const running = new Controller({
    log,
    folder: server.storage,
    locate: () => server.locate(),
    arguments: () => server.arguments(),
    variables: () => server.variables(),
    selector: () => server.selector(),
    settings: () => configuration.forServer(state.snoozedUntil),
    propose: proposing.propose,
    accepted: () => {
      setContext('vernacular.accepted', true);
    },
    status: (status: ServerStatus) => {
      state.answered(status);
      const notice = offFor(undefined, state.snoozedUntil) === undefined ? notices.due(status) : undefined;
      if (notice !== undefined) {
        void tell('warning', notice.message, notice.ways);
      }
    },
    said: (message, severity) => {
      void tell(severity, message.replace(/^vernacular: /, ''), waysOn(message));
    },
    changed: (runner) => {
      state.ran(runner);
    },
    failed: tellFault,
  });
  controller = running;

  const generation = new Generation(() => running.client);
  const commands: Record<string, (...args: unknown[]) => Promise<void>> = {
    ...switchingCommands(state),
    ...acceptingCommands(() => running.client, proposing),
    ...accountCommands(running, keys),
    ...lookingCommands(context, running, state, log),
    menu: () => showMenu(state),
    generate: () => generation.generate(),
    acceptGenerated: () => generation.accept(),
    rejectGenerated: () => generation.reject(),
    restart: () => running.restart(),
    reinstall: () => running.restart(() => server.remove()),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`vernacular.${name}`, run));
  }
  context.subscriptions.push(
    log,
    state,
    proposing,
    generation,
    statusBar(state),
    followDiagnostics(
      () => running.client,
      () => server.selected,
    ),
    watchSettings({ controller: running, state, keys, notices, log }),
  );
  // After this turn of the event loop, activation is over.
  setImmediate(() => void running.start());
}

/** VS Code waits for this: the language server ends in order. */
export async function deactivate(): Promise<void> {
  await controller?.stop();
}
