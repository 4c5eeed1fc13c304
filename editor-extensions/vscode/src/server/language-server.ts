/** What is needed to start the language server, from VS Code's settings, storage and secrets. */

import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { Filter } from '../client/selector';
import { selectorOf } from '../client/selector';
import { KEY_VARIABLE } from '../client/protocol';
import * as configuration from '../configuration';
import type { Keys } from '../keys';
import { wantedLanguages } from '../languages';
import type { Site } from './environment';
import { remove } from './environment';
import { locate } from './locate';
import { readManifest } from './manifest';
import { absolute } from './paths';
import type { Command } from './python';
import type { Variables } from './variables';
import { forPython, withProxy } from './variables';

export class LanguageServer {
  readonly storage: string;
  /** The documents that the language server that runs was started for. */
  selected: Filter[] = [];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly keys: Keys,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.storage = context.globalStorageUri.fsPath;
  }

  /** The command, installed first where that is needed. */
  async locate(): Promise<Command> {
    await mkdir(this.storage, { recursive: true });
    return locate(this.site(), configuration.own(), (work) => showing(work));
  }

  /** Takes the installed one away. */
  async remove(): Promise<void> {
    await remove(this.site(), await readManifest(this.context.extensionPath));
  }

  arguments(): string[] {
    const settings = configuration.own();
    const folders = settings['languageServer.languageFolders'].map(
      (folder) => absolute(folder, homedir(), process.platform) ?? folder,
    );
    const level = settings['languageServer.logLevel'];
    return ['--stdio', '--log-level', level, ...folders.flatMap((folder) => ['--languages', folder])];
  }

  /** The process's environment: the proxy, and the key for the server of the settings. */
  async variables(): Promise<Variables> {
    const variables = forPython(withProxy(process.env, configuration.proxy(), process.platform));
    const key = await this.keys.get(configuration.serverUrl());
    return key === undefined ? variables : { ...variables, [KEY_VARIABLE]: key };
  }

  async selector(): Promise<Filter[]> {
    const known = await vscode.languages.getLanguages();
    this.selected = selectorOf(wantedLanguages(), configuration.languagesSet().off, known);
    return this.selected;
  }

  private site(): Site {
    return {
      extension: this.context.extensionPath,
      storage: this.storage,
      platform: process.platform,
      architecture: `${process.platform}-${process.arch}`,
      variables: forPython(withProxy(process.env, configuration.proxy(), process.platform)),
      log: (line) => {
        this.log.info(line);
      },
    };
  }
}

/** Shows an installation, which a person can cancel. */
function showing<T>(work: (step: (text: string) => void, signal: AbortSignal) => Promise<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: 'Vernacular', cancellable: true };
  return Promise.resolve(
    vscode.window.withProgress(options, (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => {
        abort.abort();
      });
      return work((message) => {
        progress.report({ message });
      }, abort.signal);
    }),
  );
}
