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

/** Says that nothing runs in a folder that is not trusted, until it is disposed of. */
export function untrustedItem(): vscode.StatusBarItem {
  const item = newItem();
  item.text = '$(shield) Vernacular: not trusted';
  item.tooltip = 'Vernacular does nothing in a folder that you do not trust.\nClick to say whether you do.';
  item.accessibilityInformation = { label: 'Vernacular, not trusted', role: 'button' };
  item.command = 'workbench.trust.manage';
  item.show();
  return item;
}

/** Shows the state until it is disposed of. */
export function statusBar(state: State): vscode.Disposable {
  const item = newItem();
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

function newItem(): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem('vernacular.status', vscode.StatusBarAlignment.Right, PRIORITY);
  item.name = 'Vernacular';
  return item;
}
