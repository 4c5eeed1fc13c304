/** Telling a person something, with buttons that lead on. */

import * as vscode from 'vscode';
import type { Fault, Way } from './faults';
import { headed } from './faults';

export type Severity = 'error' | 'warning' | 'info';

const SHOW = {
  error: vscode.window.showErrorMessage,
  warning: vscode.window.showWarningMessage,
  info: vscode.window.showInformationMessage,
} satisfies Record<Severity, unknown>;

/** Shows a notification, whose message is without the extension's name; resolves once it is gone, and what its button does was begun. */
export async function tell(severity: Severity, message: string, ways: readonly Way[] = []): Promise<void> {
  const chosen = await SHOW[severity](headed(message, ways.length > 0), ...ways.map((way) => way.title));
  const way = ways.find((each) => each.title === chosen);
  if (way !== undefined) {
    await vscode.commands.executeCommand(way.command, ...arguments_(way));
  }
}

export function tellFault(fault: Fault): void {
  void tell('error', fault.message, fault.ways);
}

function arguments_(way: Way): unknown[] {
  return (way.args ?? []).map((each) =>
    typeof each === 'string' && /^https?:\/\//.test(each) ? vscode.Uri.parse(each) : each,
  );
}
