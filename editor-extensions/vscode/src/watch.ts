/** What follows when a setting changes: the language server is told, or started again where nothing less will do. */

import * as vscode from 'vscode';
import type { Controller } from './client/controller';
import * as configuration from './configuration';
import { SECTION } from './declared';
import { openSetting } from './faults';
import type { Keys } from './keys';
import { wantedLanguages } from './languages';
import type { Notices } from './notices';
import { NEEDS_RESTART } from './settings';
import type { State } from './state';
import { tell } from './tell';

const PROXY_SETTINGS = ['http.proxy', 'http.noProxy', 'http.proxySupport'];

export interface Watched {
  controller: Controller;
  state: State;
  keys: Keys;
  notices: Notices;
  log: vscode.LogOutputChannel;
}

/** Follows the settings until it is disposed of. */
export function watchSettings({ controller, state, keys, notices, log }: Watched): vscode.Disposable {
  const told = new Set<string>();
  let server = configuration.serverUrl();
  let languages = languagesText();

  const sayProblems = (): void => {
    const news = configuration.problems().filter((problem) => !told.has(problem));
    news.forEach((problem) => told.add(problem));
    if (news.length > 0) {
      void tell('warning', `${news.join('; ')}.`, [openSetting('', 'Open Settings')]);
    }
  };

  const needsRestart = async (event: vscode.ConfigurationChangeEvent): Promise<boolean> => {
    const before = { server, languages };
    server = configuration.serverUrl();
    languages = languagesText();
    if (server !== before.server) {
      notices.forget();
      // The key goes into the process's environment: another server has another, or none.
      const [old, now] = await Promise.all([keys.get(before.server), keys.get(server)]);
      if (old !== now) {
        return true;
      }
    }
    const names = [...NEEDS_RESTART.map((name) => `${SECTION}.${name}`), ...PROXY_SETTINGS];
    return languages !== before.languages || names.some((name) => event.affectsConfiguration(name));
  };

  const changed = async (event: vscode.ConfigurationChangeEvent): Promise<void> => {
    state.refresh();
    sayProblems();
    await ((await needsRestart(event)) ? controller.restart() : controller.configure());
  };

  const failed = (error: unknown): void => {
    log.error(`a setting did not take effect: ${String(error)}`);
  };
  sayProblems();
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if ([SECTION, ...PROXY_SETTINGS, 'telemetry'].some((section) => event.affectsConfiguration(section))) {
        changed(event).catch(failed);
      }
    }),
    keys.onDidChange((whose) => {
      if (whose === configuration.serverUrl()) {
        notices.forget();
        controller.restart().catch(failed);
      }
    }),
    state.onDidSnooze(() => {
      controller.configure().catch(failed);
    }),
    vscode.extensions.onDidChange(() => {
      const before = languages;
      languages = languagesText();
      if (languages !== before) {
        controller.restart().catch(failed);
      }
    }),
    vscode.env.onDidChangeTelemetryEnabled(() => {
      controller.configure().catch(failed);
    }),
  );
}

/** The documents that the language server sees, as a text to compare. */
function languagesText(): string {
  const { off } = configuration.languagesSet();
  return wantedLanguages()
    .filter((language) => !off.has(language))
    .concat('-', ...off)
    .join(' ');
}
