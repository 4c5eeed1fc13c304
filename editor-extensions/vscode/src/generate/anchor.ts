/**
 * A place in a document that other edits move. Pure: offsets in UTF-16 units.
 *
 * Guarantees: an edit elsewhere leaves the place where it is in the text; an edit that touches what stands around it
 * (`from` to `to`) loses it for good.
 */

export interface Edit {
  offset: number;
  length: number;
  text: string;
}

export class Anchor {
  private lost = false;

  /** `at` is the place; `from` and `to` hold what must not change: the comment and the line of the place, say. */
  constructor(
    private at: number,
    private from: number,
    private to: number,
  ) {}

  /** Where the place is now; `undefined` where what stands around it was changed. */
  get offset(): number | undefined {
    return this.lost ? undefined : this.at;
  }

  /** Edits that were made at once, with offsets of the text before all of them, as VS Code gives them. */
  moved(edits: readonly Edit[]): void {
    for (const edit of [...edits].sort((a, b) => b.offset - a.offset)) {
      const end = edit.offset + edit.length;
      // Right at the border, only whole lines that are put in leave the lines between alone.
      const behind = edit.offset > this.to || (edit.offset === this.to && edit.length === 0 && startsLine(edit.text));
      if (behind) {
        continue;
      }
      if (end < this.from || (end === this.from && endsLine(edit.text))) {
        const by = edit.text.length - edit.length;
        this.at += by;
        this.from += by;
        this.to += by;
        continue;
      }
      this.lost = true;
    }
  }
}

const startsLine = (text: string): boolean => /^\r?\n/.test(text);
const endsLine = (text: string): boolean => text.endsWith('\n');
