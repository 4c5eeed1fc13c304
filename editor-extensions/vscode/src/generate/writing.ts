/** One piece of code that is being written: from the request to the moment when it is accepted or rejected. */

import * as vscode from 'vscode';
import { ProgressType } from 'vscode-languageclient/node';
import type { LanguageClient } from '../client/create';
import type { GeneratePiece, GenerateResult } from '../client/protocol';
import { GENERATE } from '../client/protocol';
import { Anchor } from './anchor';
import type { Previews } from './preview';
import { tabOf } from './preview';

const NOTEBOOK_CELL = 'vscode-notebook-cell';

export class Writing {
  readonly preview: vscode.Uri;
  private readonly source = new vscode.CancellationTokenSource();
  private anchor: Anchor | undefined;
  private text = '';
  private opened: Promise<unknown> | undefined;

  constructor(
    readonly document: vscode.TextDocument,
    private readonly cursor: vscode.Position,
    private readonly previews: Previews,
  ) {
    this.preview = previews.addressFor(document.uri);
  }

  get isCancelled(): boolean {
    return this.source.token.isCancellationRequested;
  }

  cancel(): void {
    this.source.cancel();
  }

  /** Asks for the code and shows it while it comes. Rejects with the language server's own words. */
  async write(client: LanguageClient): Promise<void> {
    const token = this.preview.query;
    const pieces = client.onProgress(new ProgressType<GeneratePiece>(), `${GENERATE}/${token}`, (piece) => {
      this.take(client.protocol2CodeConverter.asPosition(piece.position), this.text + piece.text);
    });
    try {
      const params = {
        ...client.code2ProtocolConverter.asTextDocumentPositionParams(this.document, this.cursor),
        partialResultToken: `${GENERATE}/${token}`,
      };
      const result = await client.sendRequest<GenerateResult>(GENERATE, params, this.source.token);
      this.take(client.protocol2CodeConverter.asPosition(result.position), result.text);
      await this.opened;
    } finally {
      pieces.dispose();
    }
  }

  /** The document changed: the place moves with it. */
  edited(event: vscode.TextDocumentChangeEvent): void {
    this.anchor?.moved(
      event.contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
        offset: rangeOffset,
        length: rangeLength,
        text,
      })),
    );
    this.refresh();
  }

  /** Puts the code into the document, as one step of undo. False: what stands there was changed meanwhile. */
  async insert(): Promise<boolean> {
    const { document } = this;
    const offset = this.anchor?.offset;
    if (offset === undefined || document.isClosed) {
      return false;
    }
    const edit = new vscode.WorkspaceEdit();
    const start = document.positionAt(offset);
    edit.insert(document.uri, start, this.text);
    if (!(await vscode.workspace.applyEdit(edit))) {
      return false;
    }
    const end = document.positionAt(offset + inLineEndsOf(document, this.text).length);
    if (document.uri.scheme === NOTEBOOK_CELL) {
      return true; // the notebook shows it
    }
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(end, end);
    editor.revealRange(new vscode.Range(start, end), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    return true;
  }

  /** Closes the diff; nothing of the preview stays. */
  async close(): Promise<void> {
    this.source.cancel();
    await this.opened;
    const tab = tabOf(this.preview);
    if (tab !== undefined) {
      await vscode.window.tabGroups.close(tab);
    }
    this.previews.forget(this.preview);
  }

  private take(position: vscode.Position, text: string): void {
    if (this.isCancelled) {
      return;
    }
    this.text = text;
    this.anchor ??= this.anchorAt(position);
    this.refresh();
    this.opened ??= this.open();
  }

  private anchorAt(position: vscode.Position): Anchor {
    const { document } = this;
    const [first, last] = [this.cursor, position].sort((a, b) => a.compareTo(b)) as [vscode.Position, vscode.Position];
    const from = document.offsetAt(document.lineAt(first.line).range.start);
    const to = document.offsetAt(document.lineAt(last.line).range.end);
    return new Anchor(document.offsetAt(position), from, to);
  }

  private refresh(): void {
    const offset = this.anchor?.offset;
    if (offset !== undefined) {
      const before = this.document.getText();
      const text = inLineEndsOf(this.document, this.text);
      this.previews.show(this.preview, before.slice(0, offset) + text + before.slice(offset));
    }
  }

  private async open(): Promise<void> {
    const name = this.document.uri.path.split('/').at(-1) ?? '';
    const title = `${name}: the written code`;
    const shown = await vscode.workspace.openTextDocument(this.preview);
    if (shown.languageId !== this.document.languageId) {
      await vscode.languages.setTextDocumentLanguage(shown, this.document.languageId);
    }
    await vscode.commands.executeCommand('vscode.diff', this.document.uri, this.preview, title, { preview: true });
  }
}

/** A text with the document's line ends, which is what VS Code makes of it when it is put in. */
function inLineEndsOf(document: vscode.TextDocument, text: string): string {
  return text.replace(/\r?\n/g, document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n');
}
