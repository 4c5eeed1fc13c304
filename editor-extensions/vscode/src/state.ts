/** What the parts of the extension know together, and who is told when it changes. */

import * as vscode from 'vscode';
import { offFor } from './languages';
import type { ServerStatus } from './client/protocol';
import { HOUR_MS, isSnoozed } from './switch';
import type { Known, Runner } from './view';

/** The scheme of the texts that the output view shows. */
export const OUTPUT = 'output';
const SNOOZED = 'vernacular.snoozedUntil';

export class State implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<void>();
  private readonly snoozes = new vscode.EventEmitter<void>();
  private timer: NodeJS.Timeout | undefined;
  private runner: Runner = { kind: 'stopped' };
  private server: ServerStatus | undefined;
  private busy = false;

  constructor(private readonly memory: vscode.Memento) {
    this.wakeLater();
  }

  /** Anything that the status bar shows. */
  readonly onDidChange = this.emitter.event;
  /** It was switched off for an hour, or is on again. */
  readonly onDidSnooze = this.snoozes.event;

  get known(): Known {
    return { runner: this.runner, server: this.server, off: this.off(activeDocument()), busy: this.busy };
  }

  /** Milliseconds since 1970; 0 where it is not snoozed. */
  get snoozedUntil(): number {
    const until = this.memory.get(SNOOZED, 0);
    return isSnoozed(until, Date.now()) ? until : 0;
  }

  /** Why ghost text is off for a document. */
  off(document: vscode.TextDocument | undefined): string | undefined {
    return offFor(document, this.snoozedUntil);
  }

  ran(runner: Runner): void {
    this.runner = runner;
    if (runner.kind !== 'running') {
      this.server = undefined;
    }
    setContext('vernacular.running', runner.kind === 'running');
    this.refresh();
  }

  answered(server: ServerStatus): void {
    this.server = server;
    setContext('vernacular.ready', server.state === 'ready');
    this.refresh();
  }

  worked(busy: boolean): void {
    this.busy = busy;
    this.refresh();
  }

  /** Says that something outside changed: a setting, the document at hand. */
  refresh(): void {
    this.emitter.fire();
  }

  async snooze(on: boolean): Promise<void> {
    await this.memory.update(SNOOZED, on ? Date.now() + HOUR_MS : 0);
    this.wakeLater();
    this.snoozes.fire();
    this.refresh();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.emitter.dispose();
    this.snoozes.dispose();
  }

  private wakeLater(): void {
    clearTimeout(this.timer);
    const until = this.snoozedUntil;
    if (until > 0) {
      this.timer = setTimeout(() => void this.snooze(false), until - Date.now() + 1);
    }
  }
}

/** The document at hand; the text of the output view, which takes the keyboard too, is none. */
export function activeDocument(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.uri.scheme === OUTPUT ? undefined : document;
}

/** For the `when` of keys and menus. */
export function setContext(name: string, value: boolean | string): void {
  void vscode.commands.executeCommand('setContext', name, value);
}
