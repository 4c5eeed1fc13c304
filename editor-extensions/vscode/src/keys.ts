/**
 * API keys, in VS Code's SecretStorage: one for each completion server, so that a key never goes to another server than
 * it was entered for.
 */

import type * as vscode from 'vscode';

const PREFIX = 'vernacular.apiKey:';

export class Keys {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  /** Tells of a key that was set or forgotten, in this window or another; `server` is whose it is. */
  onDidChange(listener: (server: string) => void): vscode.Disposable {
    return this.secrets.onDidChange(({ key }) => {
      if (key.startsWith(PREFIX)) {
        listener(key.slice(PREFIX.length));
      }
    });
  }

  async get(server: string): Promise<string | undefined> {
    return this.secrets.get(PREFIX + server);
  }

  async set(server: string, key: string): Promise<void> {
    await this.secrets.store(PREFIX + server, key);
  }

  async forget(server: string): Promise<void> {
    await this.secrets.delete(PREFIX + server);
  }
}

/** What is wrong with a key, for the person who enters it; nothing where it may be one. */
export function keyProblem(text: string): string | undefined {
  const key = text.trim();
  if (key === '') {
    return 'Enter a key, or press Escape.';
  }
  return /^[\x21-\x7e]+$/.test(key) ? undefined : 'A key has neither spaces nor letters beyond ASCII.';
}
