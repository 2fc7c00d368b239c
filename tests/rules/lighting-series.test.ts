import { describe, expect, it } from 'vitest';
import type { SeriesPoint } from '../../src/model/series.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { LightingSeries } from '../../src/rules/lighting-series.ts';
import { Standing } from '../../src/rules/standing.ts';
import { temporaryStore } from '../support/temporary.ts';
import { local, Timeline } from './support/timeline.ts';
import { concentrator } from './support/town.ts';

/** A road with two circuits, from 20:00 to 20:21:30; what it recorded is written down. */
async function recorded() {
  const town = new Timeline('2026-11-22T20:00', '[]', [concentrator('LC-1'), concentrator('LC-2', { parent: 'F-2' })]);
  town.at('20:00:02').reports('LC-1', { lampsLit: 10 }).reports('LC-2', { lampsLit: 7 });
  town.at('20:07').reports('LC-1', { lampsLit: 9 }).at('20:21:30');
  const store = await temporaryStore();
  const checkpoint = new Checkpoint(store);
  await store.transaction(() => checkpoint.save(town.engine, town.records.length + 1));
  return { series: new LightingSeries(checkpoint), standing: new Standing(town.engine, checkpoint) };
}

function all(series: LightingSeries, limit: number): SeriesPoint[] {
  const points: SeriesPoint[] = [];
  for (let from = 0; ; ) {
    const { points: found, next } = series.page(from, limit);
    points.push(...found);
    if (next === from) return points;
    from = next;
  }
}

describe('the series of the lighting rate', () => {
  it('holds the buckets that are over, of every group, with the figures of GET /lighting-rate', async () => {
    const { series, standing } = await recorded();
    const points = all(series, 2_000);
    expect(new Set(points.map(({ ts }) => ts))).toEqual(
      new Set(['20:00', '20:05', '20:10', '20:15'].map((time) => local(`2026-11-22T${time}`))),
    );
    for (const group of ['town', 'village', 'road', 'class', 'feeder'] as const) {
      const to = local('2026-11-22T20:20');
      const past = await standing.lightingPast({ group, from: 0, to, limit: 1_000 });
      expect(past.length).toBeGreaterThan(0);
      const same = past.map(({ ts, id, expected, lit, out, unknown, low, high, reported, coverage, revision }) => ({
        ...{ series: 'lighting_rate', tags: { group, id }, ts: Date.parse(ts) },
        fields: { expected, lit, out, unknown, low, high, reported, coverage, revision },
      }));
      const found = points.filter(({ tags }) => tags.group === group);
      expect(found.sort((a, b) => a.ts - b.ts || ((a.tags.id ?? '') < (b.tags.id ?? '') ? -1 : 1))).toEqual(same);
    }
    const feeder = points.filter(({ tags }) => tags.group === 'feeder' && tags.id === 'F-1');
    expect(feeder.map(({ fields }) => fields.lit)).toEqual([10, 9, 9, 9]);
  });

  it('comes in pages of whole buckets, in the order of time, the same however small', async () => {
    const { series } = await recorded();
    const points = all(series, 2_000);
    expect(points.map(({ ts }) => ts)).toEqual(points.map(({ ts }) => ts).sort((a, b) => a - b));
    expect(all(series, 1)).toEqual(points);
    expect(series.page(0, 1).points.every(({ ts }) => ts === local('2026-11-22T20:00'))).toBe(true);
  });

  it('holds nothing of a town that has no lamp, or has not begun', async () => {
    const store = await temporaryStore();
    const series = new LightingSeries(new Checkpoint(store));
    expect(series.page(0, 100)).toEqual({ points: [], next: 0 });
    const town = new Timeline('2026-11-22T20:00', '[]', []).at('20:30');
    const checkpoint = new Checkpoint(store);
    await store.transaction(() => checkpoint.save(town.engine, 2));
    const { points, next } = series.page(0, 100);
    expect([points, series.page(next, 100)]).toEqual([[], { points: [], next }]);
  });
});
