/** Switching ghost text on and off: everywhere, in this workspace, for this language, for an hour. */

import * as vscode from 'vscode';
import { isEnabled, setEnabled } from '../configuration';
import type { State } from '../state';
import { activeDocument } from '../state';
import { tell } from '../tell';

export function switchingCommands(state: State): Record<string, () => Promise<void>> {
  return {
    toggle: async () => {
      if (state.snoozedUntil > 0) {
        await state.snooze(false);
      } else {
        await setEnabled(!isEnabled());
      }
    },
    toggleWorkspace: async () => {
      if (vscode.workspace.workspaceFolders === undefined) {
        await tell('info', 'there is no workspace; switch it off everywhere.', [
          { title: 'Switch Off', command: 'vernacular.toggle' },
        ]);
        return;
      }
      await setEnabled(!isEnabled(), { workspace: true });
    },
    toggleLanguage: async () => {
      const languageId = activeDocument()?.languageId;
      if (languageId === undefined) {
        await tell('info', 'open a file of the language first.');
        return;
      }
      await setEnabled(!isEnabled({ languageId }), { languageId });
    },
    snooze: () => state.snooze(true),
  };
}
