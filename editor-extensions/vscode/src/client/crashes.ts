/**
 * Whether a language server that stopped is to be started again. Pure but for the clock.
 *
 * Guarantees: the fifth stop within three minutes is the last; what stops more rarely is started again each time.
 */

export const MOST = 5;
export const WITHIN_MS = 3 * 60_000;

export class Crashes {
  private times: number[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** It stopped by itself. True: start it again. */
  happened(): boolean {
    const now = this.now();
    this.times = [...this.times.filter((time) => now - time < WITHIN_MS), now];
    return this.times.length < MOST;
  }

  /** A person started it again: what was before does not count. */
  forget(): void {
    this.times = [];
  }
}

/** The last lines of what a process wrote on standard error: why it stopped, mostly. */
export class Tail {
  private text = '';

  constructor(private readonly most = 4096) {}

  add(chunk: string): void {
    this.text = (this.text + chunk).slice(-this.most);
  }

  /** The last line that is not empty. */
  get lastLine(): string {
    return this.text.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? '';
  }
}
