/**
 * The proposals that were handed to VS Code last, so that a key that takes a part of one can tell which it was.
 * Pure: places are offsets in UTF-16 units.
 */

/** One item of the latest answer: `text` replaces the document from `start` on. */
export interface Offer {
  id: string;
  uri: string;
  start: number;
  text: string;
}

/** A document around the time at which a key took a part. */
export interface Taken {
  uri: string;
  /** The cursor before and after. */
  before: number;
  after: number;
  /** The document's text afterwards, from `offer.start` to `after`. */
  textFrom: (start: number) => string;
}

/** The offer that a part was taken of. `undefined`: none of ours, nothing was taken, or all of it, which VS Code tells. */
export function partlyTaken(offers: readonly Offer[], taken: Taken): Offer | undefined {
  if (taken.after <= taken.before) {
    return undefined;
  }
  return offers.find((offer) => {
    if (offer.uri !== taken.uri || offer.start > taken.before) {
      return false;
    }
    const stands = taken.textFrom(offer.start).replaceAll('\r\n', '\n');
    const text = offer.text.replaceAll('\r\n', '\n');
    return text.startsWith(stands) && text.length > stands.length;
  });
}
