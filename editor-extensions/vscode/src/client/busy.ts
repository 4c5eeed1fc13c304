/**
 * Whether somebody waits for an answer, as the status bar shows it. Guarantees: an answer that comes within
 * `DELAY_MS` shows nothing, and what is shown stays for `LINGER_MS` at least, so that nothing flickers while one types.
 */

export const DELAY_MS = 150;
export const LINGER_MS = 250;

export class Busy {
  private waiting = 0;
  private shown = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly show: (busy: boolean) => void,
    private readonly delayMs = DELAY_MS,
    private readonly lingerMs = LINGER_MS,
  ) {}

  /** Somebody waits until `answer` is there, or fails. */
  async during<T>(answer: PromiseLike<T>): Promise<T> {
    this.waiting += 1;
    this.change(this.delayMs);
    try {
      return await answer;
    } finally {
      this.waiting -= 1;
      this.change(this.lingerMs);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private change(afterMs: number): void {
    const wanted = this.waiting > 0;
    if (wanted === this.shown) {
      clearTimeout(this.timer);
      this.timer = undefined;
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.shown = wanted;
      this.show(wanted);
    }, afterMs);
  }
}
