/**
 * One thing after the other. Starting and stopping a process overlap otherwise: a restart while it starts would leave
 * two of them.
 */
export class Serial {
  private last: Promise<unknown> = Promise.resolve();
  private readonly waiting = new Map<string, Promise<unknown>>();

  /** Runs `work` after all that came before, be that well or not. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  /** The same; but where work of that name waits already to begin, that is enough. */
  runOnce(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.waiting.get(name);
    if (before !== undefined) {
      return before as Promise<void>;
    }
    const mine = this.run(() => {
      this.waiting.delete(name);
      return work();
    });
    this.waiting.set(name, mine);
    return mine;
  }
}
