/** Doing again what VS Code drops without a word. Pure. */

export const TRIES = 10;
export const PAUSE_MS = 300;

/** Acts until that has `happened`, `PAUSE_MS` after each time, at most `TRIES` times; whether it has. */
export async function until(happened: () => boolean, act: () => void, pauseMs = PAUSE_MS): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    act();
    await new Promise((done) => {
      setTimeout(done, pauseMs);
    });
    if (happened()) {
      return true;
    }
  }
  return false;
}
