/** VS Code's settings, read. What they mean: `settings.ts`. */

import * as vscode from 'vscode';
import type { ProxySettings } from './server/variables';
import type { OwnSettings, Read } from './settings';
import { SECTION } from './declared';
import { ownSettings, serverSettings, settingProblems } from './settings';
import { isSnoozed, whereToSet } from './switch';

export function read(scope?: vscode.ConfigurationScope): Read {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  return (name) => configuration.get(name);
}

/** The extension's own settings. */
export function own(): OwnSettings {
  return ownSettings(read());
}

/** One line for each setting that is wrong. */
export function problems(): string[] {
  return settingProblems(read());
}

export function serverUrl(): string {
  const url = read()('serverUrl');
  return typeof url === 'string' ? url.trim().replace(/\/+$/, '') : '';
}

/** The settings for the language server. */
export function forServer(snoozedUntil: number): Record<string, unknown> {
  const telemetry = vscode.workspace.getConfiguration(SECTION).inspect('telemetry');
  return serverSettings(read(), {
    enabled: !isSnoozed(snoozedUntil, Date.now()) && (isEnabled() || languagesSet().on.size > 0),
    telemetryAllowed: vscode.env.isTelemetryEnabled,
    telemetryChosen: [telemetry?.globalValue, telemetry?.workspaceValue, telemetry?.workspaceFolderValue].some(
      (value) => value !== undefined,
    ),
  });
}

/** The languages for which `enabled` was set by itself. */
export function languagesSet(): { on: Set<string>; off: Set<string> } {
  const ids = vscode.workspace.getConfiguration(SECTION).inspect('enabled')?.languageIds ?? [];
  const on = new Set(ids.filter((languageId) => isEnabled({ languageId })));
  return { on, off: new Set(ids.filter((id) => !on.has(id))) };
}

export function isEnabled(scope?: vscode.ConfigurationScope): boolean {
  return read(scope)('enabled') !== false;
}

/** Sets `enabled` so that it takes effect: for a language, for the workspace, or wherever it is set already. */
export async function setEnabled(
  value: boolean,
  for_: { languageId?: string; workspace?: boolean } = {},
): Promise<void> {
  const { languageId } = for_;
  const configuration = vscode.workspace.getConfiguration(SECTION, languageId === undefined ? null : { languageId });
  const inspected = configuration.inspect('enabled');
  const at =
    languageId === undefined
      ? whereToSet(inspected)
      : whereToSet({
          workspaceValue: inspected?.workspaceLanguageValue,
          workspaceFolderValue: inspected?.workspaceFolderLanguageValue,
        });
  const target = for_.workspace === true ? vscode.ConfigurationTarget.Workspace : TARGETS[at];
  // What holds for every language needs no entry for one, which would overrule the workspace's switch later.
  const entry = languageId !== undefined && value === isEnabled() ? undefined : value;
  await configuration.update('enabled', entry, target, languageId !== undefined);
}

const TARGETS = {
  folder: vscode.ConfigurationTarget.WorkspaceFolder,
  workspace: vscode.ConfigurationTarget.Workspace,
  user: vscode.ConfigurationTarget.Global,
};

/** VS Code's proxy. */
export function proxy(): ProxySettings {
  const http = vscode.workspace.getConfiguration('http');
  const noProxy = http.get<unknown>('noProxy');
  return {
    proxy: text(http.get<unknown>('proxy')),
    noProxy: Array.isArray(noProxy) ? noProxy.filter((each): each is string => typeof each === 'string') : [],
    support: text(http.get<unknown>('proxySupport')),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
