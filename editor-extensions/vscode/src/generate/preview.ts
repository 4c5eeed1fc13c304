/** The document that shows what a file would be with the written code in it; VS Code's diff editor shows both. */

import * as vscode from 'vscode';

export const SCHEME = 'vernacular-preview';

export class Previews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private count = 0;

  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** The address of a new preview of a document: its name tells VS Code the language. */
  addressFor(document: vscode.Uri): vscode.Uri {
    this.count += 1;
    // VS Code would show a file of this name as a whole notebook.
    const path = document.path.replace(/\.ipynb$/, '');
    return vscode.Uri.from({ scheme: SCHEME, path, query: String(this.count) });
  }

  show(uri: vscode.Uri, text: string): void {
    if (this.texts.get(uri.toString()) !== text) {
      this.texts.set(uri.toString(), text);
      this.changed.fire(uri);
    }
  }

  forget(uri: vscode.Uri): void {
    this.texts.delete(uri.toString());
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

/** The tab that shows a preview. */
export function tabOf(uri: vscode.Uri): vscode.Tab | undefined {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).find((tab) => isOf(tab, uri));
}

export function isOf(tab: vscode.Tab, uri: vscode.Uri): boolean {
  return tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === uri.toString();
}
