/** The menu of the status bar. */

import * as vscode from 'vscode';
import { isEnabled } from '../configuration';
import type { State } from '../state';
import { activeDocument } from '../state';
import { aboutServer, viewOf } from '../view';

interface Entry extends vscode.QuickPickItem {
  run?: string;
}

/** Shows the menu, and does what was chosen. */
export async function showMenu(state: State): Promise<void> {
  const { known } = state;
  const title = viewOf(known).tooltip[0] ?? 'Vernacular';
  const placeHolder = aboutServer(known.server)[0] ?? '';
  const chosen = await vscode.window.showQuickPick(entries(state), { title, placeHolder });
  if (chosen?.run !== undefined) {
    await vscode.commands.executeCommand(`vernacular.${chosen.run}`);
  }
}

function entries(state: State): Entry[] {
  const { known } = state;
  const language = activeDocument()?.languageId;
  const snoozed = state.snoozedUntil > 0;
  const model = known.server?.model ?? '';
  return [
    ...(snoozed
      ? [entry('play', 'Switch On Again', 'toggle')]
      : [
          isEnabled() ? entry('circle-slash', 'Switch Off', 'toggle') : entry('play', 'Switch On', 'toggle'),
          ...languageEntries(language),
          ...workspaceEntries(),
          ...(isEnabled() ? [entry('clock', 'Switch Off for an Hour', 'snooze')] : []),
        ]),
    separator('Code'),
    entry('sparkle', 'Write the Code That the Comment Asks For', 'generate'),
    entry('question', 'Explain What Is Proposed Here', 'explain'),
    separator('Server'),
    entry('server', 'Show Which Model Answers', 'showModel', model),
    entry('sign-in', 'Sign In', 'signIn'),
    entry('key', 'Set API Key', 'setApiKey'),
    entry('sign-out', 'Sign Out', 'signOut'),
    separator('Extension'),
    entry('output', 'Open Log', 'openLog'),
    entry('gear', 'Open Settings', 'openSettings'),
    entry('debug-restart', 'Restart the Language Server', 'restart'),
    entry('book', 'Get Started', 'getStarted'),
  ];
}

function languageEntries(language: string | undefined): Entry[] {
  if (language === undefined) {
    return [];
  }
  return isEnabled({ languageId: language })
    ? [entry('circle-slash', `Switch Off for ${language}`, 'toggleLanguage')]
    : [entry('play', `Switch On for ${language}`, 'toggleLanguage')];
}

function workspaceEntries(): Entry[] {
  if (vscode.workspace.workspaceFolders === undefined) {
    return [];
  }
  return isEnabled()
    ? [entry('circle-slash', 'Switch Off in This Workspace', 'toggleWorkspace')]
    : [entry('play', 'Switch On in This Workspace', 'toggleWorkspace')];
}

function entry(icon: string, label: string, run: string, description = ''): Entry {
  return { label: `$(${icon}) ${label}`, description, run };
}

function separator(label: string): Entry {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
