import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Busy, DELAY_MS, LINGER_MS } from '../src/client/busy';

/** Answers that come when the test says. */
function answer(): { promise: Promise<void>; come: () => Promise<void> } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return {
    promise,
    come: async () => {
      resolve();
      await new Promise((done) => {
        setImmediate(done);
      });
    },
  };
}

describe('busy', () => {
  it('is not said of an answer that comes soon', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const said: boolean[] = [];
    const busy = new Busy((on) => said.push(on));
    const one = answer();
    const done = busy.during(one.promise);
    mock.timers.tick(DELAY_MS - 1);
    await one.come();
    await done;
    mock.timers.tick(10 * DELAY_MS);
    assert.deepEqual(said, []);
    mock.timers.reset();
  });

  it('is said of one that takes longer, until a while after it came', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const said: boolean[] = [];
    const busy = new Busy((on) => said.push(on));
    const [one, two] = [answer(), answer()];
    const first = busy.during(one.promise);
    mock.timers.tick(DELAY_MS);
    assert.deepEqual(said, [true]);
    await one.come();
    await first;
    mock.timers.tick(LINGER_MS - 1);
    const second = busy.during(two.promise);
    mock.timers.tick(LINGER_MS);
    assert.deepEqual(said, [true]);
    await two.come();
    await second;
    mock.timers.tick(LINGER_MS);
    assert.deepEqual(said, [true, false]);
    mock.timers.reset();
  });
});
