/**
 * Writing the code that the comment under the cursor asks for: it streams into a diff, which a person accepts or
 * rejects. Guarantees: nothing of the file changes before that, and accepting is one step of undo; one at a time;
 * closing the diff rejects.
 */

import * as vscode from 'vscode';
import type { LanguageClient } from '../client/create';
import { OPEN_LOG, RESTART, saysAll } from '../faults';
import { setContext } from '../state';
import { tell } from '../tell';
import { Previews, isOf } from './preview';
import type { Writing } from './writing';

export class Generation implements vscode.Disposable {
  private readonly previews = new Previews();
  private readonly listeners: vscode.Disposable;
  private current: Writing | undefined;

  constructor(private readonly client: () => LanguageClient | undefined) {
    this.listeners = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === this.current?.document) {
          this.current.edited(event);
        }
      }),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        const { current } = this;
        if (current !== undefined && closed.some((tab) => isOf(tab, current.preview))) {
          void this.reject();
        }
      }),
    );
  }

  /** Writes what the comment at the cursor asks for. */
  async generate(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const client = this.client();
    if (client === undefined) {
      await tell('warning', 'the language server does not run.', [RESTART, OPEN_LOG]);
      return;
    }
    if (editor === undefined) {
      await tell('info', 'open a file, and put the cursor into a comment that says what to write.');
      return;
    }
    await this.reject();
    const { Writing } = await import('./writing');
    const writing = new Writing(editor.document, editor.selection.active, this.previews);
    this.become(writing, 'writing');
    try {
      await inNotification(
        () => writing.write(client),
        () => void this.reject(),
      );
      if (this.current === writing) {
        this.become(writing, 'done');
      }
    } catch (error) {
      const wanted = this.current === writing && !writing.isCancelled;
      await this.end(writing);
      if (wanted) {
        await tell('warning', error instanceof Error ? error.message : String(error), saysAll(error) ? [] : [OPEN_LOG]);
      }
    }
  }

  /** Puts what was written into the file. */
  async accept(): Promise<void> {
    const writing = this.current;
    if (writing === undefined) {
      return;
    }
    if (await writing.insert()) {
      await this.end(writing);
    } else {
      const name = writing.document.uri.path.split('/').at(-1) ?? '';
      await tell('warning', `${name} has changed where the code belongs, so it was not put in.`, [
        { title: 'Write Again', command: 'vernacular.generate' },
      ]);
    }
  }

  /** Leaves the file as it is; what is still being written is not. */
  async reject(): Promise<void> {
    if (this.current !== undefined) {
      await this.end(this.current);
    }
  }

  dispose(): void {
    this.current?.cancel();
    this.listeners.dispose();
    this.previews.dispose();
  }

  private async end(writing: Writing): Promise<void> {
    if (this.current === writing) {
      this.become(undefined, '');
    }
    await writing.close();
  }

  private become(writing: Writing | undefined, context: '' | 'writing' | 'done'): void {
    this.current = writing;
    setContext('vernacular.preview', context);
  }
}

/** Shows that something is under way, and that it can be cancelled. */
async function inNotification(work: () => Promise<void>, cancelled: () => void): Promise<void> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Vernacular writes the code',
    cancellable: true,
  };
  await vscode.window.withProgress(options, async (_progress, token) => {
    token.onCancellationRequested(cancelled);
    await work();
  });
}
