/** Running a program to its end. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Command } from './python';
import type { Variables } from './variables';

export interface Options {
  cwd: string;
  variables: Variables;
  /** Ends the program when it is aborted. */
  signal?: AbortSignal;
  /** Told of each line of either output. */
  line?: (text: string) => void;
}

export interface Ended {
  /** The exit status; `undefined` where the program could not be started or was ended. */
  status: number | undefined;
  output: string;
  /** Why there is no status. */
  problem: string;
}

/** Runs a program without a shell and without input; never rejects. Once it resolves, nothing of the program runs. */
export function run(command: Command, args: readonly string[], options: Options): Promise<Ended> {
  return ended(command, args, options).catch((error: unknown) => ({
    status: undefined,
    output: '',
    problem: error instanceof Error ? error.message : String(error),
  }));
}

function ended(command: Command, args: readonly string[], options: Options): Promise<Ended> {
  return new Promise((resolve) => {
    let output = '';
    let line = '';
    const took = (chunk: string): void => {
      output += chunk;
      const lines = (line + chunk).split(/\r?\n/);
      line = lines.pop() ?? '';
      lines.forEach((each) => options.line?.(each));
    };
    const child = spawn(command.command, [...command.args, ...args], {
      cwd: options.cwd,
      env: options.variables,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child.stdout.setEncoding('utf8').on('data', took);
    child.stderr.setEncoding('utf8').on('data', took);
    const abort = (): void => {
      endAll(child);
    };
    options.signal?.addEventListener('abort', abort);
    if (options.signal?.aborted === true) {
      abort();
    }
    child.on('error', (error) => {
      if (child.pid === undefined) {
        resolve({ status: undefined, output, problem: error.message });
      }
    });
    child.on('close', (status, signal) => {
      options.signal?.removeEventListener('abort', abort);
      if (line !== '') {
        options.line?.(line);
      }
      resolve({ status: status ?? undefined, output, problem: signal ?? '' });
    });
  });
}

/** Ends a program, on Windows with what it started: the Python of an environment starts another there. */
function endAll(child: ChildProcess): void {
  if (process.platform === 'win32' && child.pid !== undefined) {
    spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
  } else {
    child.kill();
  }
}
