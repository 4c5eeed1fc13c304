import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Serial } from '../src/client/serial';

describe('one after the other', () => {
  it('never overlaps, and goes on behind what fails', async () => {
    const serial = new Serial();
    const order: string[] = [];
    let running = 0;
    const work =
      (name: string, fails = false) =>
      async () => {
        running += 1;
        assert.equal(running, 1);
        await Promise.resolve();
        order.push(name);
        running -= 1;
        if (fails) {
          throw new Error(name);
        }
      };
    const first = serial.run(work('stop', true));
    const second = serial.run(work('start'));
    await assert.rejects(first, /stop/);
    await second;
    assert.deepEqual(order, ['stop', 'start']);
  });

  it('does once what is asked for while it waits, and again what is asked for while it runs', async () => {
    const serial = new Serial();
    let times = 0;
    let again: Promise<void> | undefined;
    const restart = async (): Promise<void> => {
      times += 1;
      if (times === 1) {
        again = serial.runOnce('restart', restart);
      }
      await Promise.resolve();
    };
    const first = serial.runOnce('restart', restart);
    assert.equal(serial.runOnce('restart', restart), first);
    await first;
    await again;
    assert.equal(times, 2);
  });
});
