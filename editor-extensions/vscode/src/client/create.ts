/**
 * The language client. The only module that loads `vscode-languageclient`, after the extension is activated: loading
 * it takes longer than all of the rest.
 */

import { createInterface } from 'node:readline';
import * as vscode from 'vscode';
import type { ErrorHandler, LanguageClientOptions, Middleware } from 'vscode-languageclient/node';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  MessageType,
  RevealOutputChannelOn,
  ShowMessageNotification,
} from 'vscode-languageclient/node';
import type { Filter } from './selector';
import type { Launched } from './launch';
import type { ServerStatus } from './protocol';
import { ACCEPTED, STATUS, statusOf } from './protocol';
import { Levels } from './standard-error';

/** What the language client asks of the rest of the extension. */
export interface Needs {
  launch: () => Promise<Launched>;
  selector: Filter[];
  settings: () => Record<string, unknown>;
  log: vscode.LogOutputChannel;
  /** Asked for the proposals at a place; `next` asks the language server. */
  propose: (document: vscode.TextDocument, automatic: boolean, next: () => Promise<Proposals>) => Promise<Proposals>;
  accepted: () => void;
  status: (status: ServerStatus) => void;
  /** The language server says something to the user. */
  said: (message: string, severity: 'error' | 'warning' | 'info') => void;
  /** The connection closed by itself. */
  closed: () => void;
}

export type Proposals = vscode.InlineCompletionItem[] | vscode.InlineCompletionList | null | undefined;

/** A client that is not started yet. */
export function createClient(needs: Needs): LanguageClient {
  const options: LanguageClientOptions = {
    documentSelector: needs.selector,
    // The language server takes every cell; those of a language that is off are none of its business either.
    notebookDocumentOptions: {
      filterCells: (_notebook, cells) =>
        cells.filter((cell) => vscode.languages.match(needs.selector, cell.document) > 0),
    },
    outputChannel: needs.log,
    stdioOptions: { stdout: () => undefined, stderr: intoLog(needs.log) },
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: needs.settings,
    progressOnInitialization: false,
    middleware: middlewareOf(needs),
    errorHandler: errorHandlerOf(needs),
    initializationFailedHandler: () => false,
  };
  const client = new QuietClient('vernacular', 'Vernacular', async () => (await needs.launch()).process, options);
  client.onNotification(STATUS, (params: unknown) => {
    needs.status(statusOf(params));
  });
  client.onNotification(ShowMessageNotification.type, ({ type, message }) => {
    needs.said(message, type === MessageType.Error ? 'error' : type === MessageType.Warning ? 'warning' : 'info');
  });
  return client;
}

/** Writes into the log what the language client would show in notifications of its own; the controller tells people. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** By each line's own level: the language client takes all of it for errors. */
function intoLog(log: vscode.LogOutputChannel): (input: NodeJS.ReadableStream) => void {
  return (input) => {
    const levels = new Levels();
    createInterface({ input, crlfDelay: Infinity }).on('line', (line) => {
      log[levels.of(line)](line);
    });
  };
}

function middlewareOf(needs: Needs): Middleware {
  return {
    provideInlineCompletionItems: (document, position, context, token, next) => {
      const automatic = context.triggerKind === vscode.InlineCompletionTriggerKind.Automatic;
      return needs.propose(document, automatic, async () => next(document, position, context, token));
    },
    executeCommand: (command, args, next) => {
      if (command === ACCEPTED) {
        needs.accepted();
      }
      return next(command, args) as unknown;
    },
  };
}

/** Starting again is the controller's: it counts, and it does one thing after the other. */
function errorHandlerOf(needs: Needs): ErrorHandler {
  return {
    error: () => ({ action: ErrorAction.Continue }),
    closed: () => {
      needs.closed();
      return { action: CloseAction.DoNotRestart, handled: true };
    },
  };
}

export type { LanguageClient };
