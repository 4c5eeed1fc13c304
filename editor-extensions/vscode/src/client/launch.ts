/** Starting the language server's process. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { needsShell } from '../server/paths';
import type { Command } from '../server/python';
import type { Variables } from '../server/variables';
import { Tail } from './crashes';

const PATIENCE_MS = 2000;

/** A process that was started; how it ended, once it has. */
export class Launched {
  private readonly tail = new Tail();
  private ended = '';

  private constructor(readonly process: ChildProcess) {
    process.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.tail.add(chunk);
    });
    process.on('exit', (status, signal) => {
      this.ended = signal === null ? `exit status ${status ?? '?'}` : `ended by ${signal}`;
    });
  }

  /** Starts it; rejects with the operating system's words where that does not work. */
  static async of(command: Command, args: readonly string[], cwd: string, variables: Variables): Promise<Launched> {
    const shell = needsShell(command.command, process.platform);
    const quoted = (word: string): string => (shell ? `"${word}"` : word);
    const child = spawn(quoted(command.command), [...command.args, ...args].map(quoted), {
      cwd,
      env: variables,
      stdio: 'pipe',
      windowsHide: true,
      shell,
    });
    const launched = new Launched(child);
    await once(child, 'spawn');
    return launched;
  }

  /** Waits until it is gone; one that does not go is ended. The language client leaves that to whoever started it. */
  async end(): Promise<void> {
    const { process: child } = this;
    if (this.ended !== '') {
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await once(child, 'exit').catch(() => undefined);
    clearTimeout(timer);
  }

  /** Why it is gone, in one line: its own last words, else how it ended. */
  get why(): string {
    return this.tail.lastLine || this.ended || 'it closed the connection';
  }
}
