import { describe, expect, it } from 'vitest';
import { HOUR_MS, Marks } from '../../src/reports/marks.ts';
import { watchedPressures } from '../../src/reports/record.ts';
import { temporaryStore } from '../support/temporary.ts';

async function marked() {
  const store = await temporaryStore();
  const marks = new Marks(
    store,
    watchedPressures(() => false),
  );
  marks.close(5 * HOUR_MS);
  const again = (from: number, to: number) => store.transaction(() => marks.again(['WP-1'], from, to));
  return { marks, again };
}

describe('hours that have to be made again because their rows count otherwise', () => {
  it('are those of the period that are closed, and are gone once they are made', async () => {
    const { marks, again } = await marked();
    await again(3.5 * HOUR_MS, 9 * HOUR_MS);
    const ready = marks.ready(5 * HOUR_MS, 0);
    expect([...ready]).toEqual([
      [3 * HOUR_MS, ['WP-1']],
      [4 * HOUR_MS, ['WP-1']],
    ]);
    for (const [hour, devices] of ready) await marks.clear(hour, devices, 0);
    expect([...marks.ready(5 * HOUR_MS, 0)]).toEqual([]);
  });

  it('stay where they are marked while they are being made: they may have been made as they counted before', async () => {
    const { marks, again } = await marked();
    await again(3 * HOUR_MS, 4 * HOUR_MS);
    const ready = marks.ready(5 * HOUR_MS, 0);
    await again(3 * HOUR_MS, 4 * HOUR_MS);
    for (const [hour, devices] of ready) await marks.clear(hour, devices, 0);
    expect([...marks.ready(5 * HOUR_MS, 0)]).toEqual([[3 * HOUR_MS, ['WP-1']]]);
  });
});
