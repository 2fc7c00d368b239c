import { describe, expect, it } from 'vitest';
import { type Outcome, poll } from '../../src/console/poll.ts';
import { TrialClock } from '../../src/kernel/clock.ts';

const PACE = { every: 10_000, retry: 2_000, patience: 6_000 };

/** Lets everything that is already decided run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A reader whose answers are given by hand, and what the poll made of them. */
function byHand() {
  const clock = new TrialClock(0);
  const reads: { signal: AbortSignal; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const outcomes: Outcome<string>[] = [];
  const read = (signal: AbortSignal) =>
    new Promise<string>((answer, fail) => {
      signal.addEventListener('abort', () => fail(new Error('given up')));
      reads.push({ signal, answer, fail });
    });
  const polling = poll(clock, PACE, read, (outcome) => outcomes.push(outcome));
  return { clock, reads, outcomes, polling };
}

describe('polling', () => {
  it('reads at once, and again one period after the last round began', async () => {
    const { clock, reads, outcomes } = byHand();
    clock.advance(3_000);
    reads[0]!.answer('first');
    await settled();
    expect(outcomes).toEqual([{ value: 'first' }]);
    clock.advance(6_999);
    expect(reads).toHaveLength(1);
    clock.advance(1);
    expect(reads).toHaveLength(2);
  });

  it('never has two rounds under way', async () => {
    const { clock, reads } = byHand();
    clock.advance(5_999);
    expect(reads).toHaveLength(1);
    clock.advance(60_000);
    await settled();
    expect(reads[0]!.signal.aborted).toBe(true);
  });

  it('gives up a round that takes too long, counts it as failed and tries again', async () => {
    const { clock, reads, outcomes } = byHand();
    clock.advance(PACE.patience);
    await settled();
    expect(outcomes).toEqual([{ error: new Error('given up') }]);
    clock.advance(1);
    expect(reads).toHaveLength(2);
  });

  it('tries again sooner after a failure', async () => {
    const { clock, reads } = byHand();
    reads[0]!.fail(new Error('refused'));
    await settled();
    clock.advance(PACE.retry);
    expect(reads).toHaveLength(2);
  });

  it('reads at once when asked again, and forgets the round under way', async () => {
    const { reads, outcomes, polling } = byHand();
    polling.again();
    expect(reads[0]!.signal.aborted).toBe(true);
    reads[0]!.answer('old');
    reads[1]!.answer('new');
    await settled();
    expect(outcomes).toEqual([{ value: 'new' }]);
  });

  it('tells nothing and reads nothing more once stopped', async () => {
    const { clock, reads, outcomes, polling } = byHand();
    polling.stop();
    reads[0]!.answer('late');
    await settled();
    clock.advance(60_000);
    expect(outcomes).toEqual([]);
    expect(reads).toHaveLength(1);
  });
});
