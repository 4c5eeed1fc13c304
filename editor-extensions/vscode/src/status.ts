/** The item of the status bar. */

import * as vscode from 'vscode';
import type { State } from './state';
import type { View } from './view';
import { viewOf } from './view';

const PRIORITY = 100;
const COLOURS: Record<View['severity'], vscode.ThemeColor | undefined> = {
  none: undefined,
  warning: new vscode.ThemeColor('statusBarItem.warningBackground'),
  error: new vscode.ThemeColor('statusBarItem.errorBackground'),
};

/** Shows the state until it is disposed of. */
export function statusBar(state: State): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('vernacular.status', vscode.StatusBarAlignment.Right, PRIORITY);
  item.name = 'Vernacular';
  item.command = 'vernacular.menu';
  const show = (): void => {
    const view = viewOf(state.known);
    const tooltip = [...view.tooltip, 'Click for the menu.'].join('\n');
    item.text = view.text;
    item.tooltip = tooltip;
    item.backgroundColor = COLOURS[view.severity];
    item.accessibilityInformation = { label: view.spoken, role: 'button' };
    item.show();
  };
  show();
  return vscode.Disposable.from(item, state.onDidChange(show), vscode.window.onDidChangeActiveTextEditor(show));
}
