/**
 * The language server's life: found, started, stopped, started again when it crashed.
 *
 * Guarantees: one thing after the other, so that there is never more than one process; one that crashes in a loop is
 * left alone and the user is told why, once.
 */

import * as vscode from 'vscode';
import { Cancelled, Fault, OPEN_LOG, RESTART, openSetting } from '../faults';
import type { Command } from '../server/python';
import type { Variables } from '../server/variables';
import type { Runner } from '../view';
import { Crashes, MOST } from './crashes';
import type { LanguageClient, Needs } from './create';
import { Launched } from './launch';
import { Serial } from './serial';

/** What the controller asks of the rest of the extension. */
export interface Surroundings extends Omit<Needs, 'launch' | 'closed' | 'selector'> {
  locate: () => Promise<Command>;
  /** The arguments, folder and environment of the process; read at each start. */
  arguments: () => readonly string[];
  folder: string;
  variables: () => Promise<Variables>;
  selector: () => Promise<Needs['selector']>;
  changed: (runner: Runner) => void;
  failed: (fault: Fault) => void;
}

const NO_COMPLETION = 'The language server is too old for this extension: it has no inline completion.';

export class Controller implements vscode.Disposable {
  private readonly serial = new Serial();
  private readonly crashes = new Crashes();
  private current: LanguageClient | undefined;
  private launched: Launched | undefined;

  constructor(private readonly around: Surroundings) {}

  /** The client, where the language server runs. */
  get client(): LanguageClient | undefined {
    return this.current;
  }

  start(): Promise<void> {
    return this.serial.runOnce('start', async () => {
      if (this.current === undefined) {
        await this.begin();
      }
    });
  }

  stop(): Promise<void> {
    return this.serial.runOnce('stop', () => this.end());
  }

  /** By a person, or because a setting asks for it. `between` is done while nothing runs. */
  restart(between?: () => Promise<void>): Promise<void> {
    this.crashes.forget();
    const work = async (): Promise<void> => {
      await this.end();
      await between?.();
      await this.begin();
    };
    return between === undefined ? this.serial.runOnce('restart', work) : this.serial.run(work);
  }

  /** Tells the language server of settings that changed. */
  async configure(): Promise<void> {
    await this.current?.sendNotification('workspace/didChangeConfiguration', {
      settings: { vernacular: this.around.settings() },
    });
  }

  dispose(): void {
    void this.stop();
  }

  private async begin(): Promise<void> {
    const { around } = this;
    around.changed({ kind: 'starting', what: 'starting' });
    try {
      await this.beginWith(await around.locate());
    } catch (error) {
      const fault = faultOf(error);
      around.log.error(fault.message);
      around.changed({ kind: 'broken', detail: fault.message });
      if (!(error instanceof Cancelled)) {
        around.failed(fault);
      }
    }
  }

  private async beginWith(command: Command): Promise<void> {
    const { around } = this;
    for (;;) {
      const { createClient } = await import('./create');
      const client = createClient({
        ...around,
        selector: await around.selector(),
        launch: () => this.launch(command),
        closed: () => {
          this.crashed(client);
        },
      });
      try {
        await client.start();
        this.current = client;
        around.log.info(`language server ${client.initializeResult?.serverInfo?.version ?? ''} started`);
        if (client.initializeResult?.capabilities.inlineCompletionProvider === undefined) {
          await this.end();
          throw new Fault(NO_COMPLETION, [openSetting('languageServer.path'), OPEN_LOG]);
        }
        around.changed({ kind: 'running' });
        return;
      } catch (error) {
        if (error instanceof Fault) {
          throw error;
        }
        await client.dispose().catch(() => undefined);
        await this.launched?.end();
        const why = this.launched?.why ?? (error instanceof Error ? error.message : String(error));
        around.log.error(`the language server did not start: ${why}`);
        if (this.launched === undefined) {
          throw new Fault(`The language server cannot be started: ${why}`, [
            openSetting('languageServer.path'),
            OPEN_LOG,
          ]);
        }
        if (!this.crashes.happened()) {
          throw this.loop(why);
        }
      }
    }
  }

  private async launch(command: Command): Promise<Launched> {
    this.launched = undefined;
    const { around } = this;
    this.launched = await Launched.of(command, around.arguments(), around.folder, await around.variables());
    return this.launched;
  }

  private async end(): Promise<void> {
    const client = this.current;
    this.current = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => {
        this.around.log.warn(`the language server did not stop in order: ${String(error)}`);
      });
      await this.launched?.end();
    }
    this.around.changed({ kind: 'stopped' });
  }

  /** The connection closed by itself. While it starts, `beginWith` sees to it. */
  private crashed(client: LanguageClient): void {
    if (client !== this.current) {
      return;
    }
    const { launched } = this;
    this.current = undefined;
    void this.serial.run(async () => {
      await client.dispose().catch(() => undefined);
      await launched?.end(); // only then does it say how it ended
      const why = launched?.why ?? '';
      this.around.log.error(`the language server stopped: ${why}`);
      const again = this.crashes.happened();
      if (this.current !== undefined) {
        return; // a restart that was waiting already did it
      }
      if (again) {
        await this.begin();
        return;
      }
      const fault = this.loop(why);
      this.around.changed({ kind: 'broken', detail: fault.message });
      this.around.failed(fault);
    });
  }

  private loop(why: string): Fault {
    const message = `The language server stopped ${MOST} times in three minutes and is left alone: ${why}`;
    return new Fault(message, [OPEN_LOG, RESTART]);
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) {
    return error;
  }
  if (error instanceof Cancelled) {
    return new Fault('The installation of the language server was cancelled.', [RESTART]);
  }
  return new Fault(error instanceof Error ? error.message : String(error), [OPEN_LOG, RESTART]);
}
