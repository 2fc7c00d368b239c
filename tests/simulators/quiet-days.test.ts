import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NewRecord } from '../../src/model/record.ts';
import type { Transition } from '../../src/model/transition.ts';
import { Engine } from '../../src/rules/engine.ts';
import { judgementsOf } from '../../src/rules/judgement.ts';
import { KINDS } from '../rules/support/town.ts';
import { HOUR_MS, lailong, local, MINUTE_MS, TOWN_FOLDER, Trial } from './support/town.ts';

const RULES = readFileSync(join(TOWN_FOLDER, 'rules.yaml'), 'utf8');

/** The engine after so many hours of the simulated devices of a kind, by the rules as they are shipped. */
function watched(kind: string, from: string, hours: number, seed: number) {
  const found: Transition[] = [];
  const engine = new Engine(KINDS, (transition) => found.push(transition));
  const trial = new Trial(local(from), { seed, only: kind });
  let offset = 1;
  const feed = (record: NewRecord, at: number) => engine.feed({ ...record, at, offset: offset++ } as never);
  const start = trial.clock.now();
  const change = (value: Extract<NewRecord, { type: 'change' }>['change']) =>
    feed({ type: 'change', change: value, by: 'test' }, start);
  change({ what: 'town', town: lailong.town });
  change({ what: 'rulebook', text: RULES, version: 'shipped' });
  for (const device of lailong.devices) if (device.kind === kind) change({ what: 'device', device });
  for (const end = start + hours * HOUR_MS; trial.clock.now() < end; ) {
    for (const { device, at, ts, values } of trial.said(MINUTE_MS))
      feed({ type: 'sample', sample: { device, kind, ts, values } }, at);
    feed({ type: 'tick', away: 0 }, trial.clock.now());
  }
  const learned = engine.book.rules
    .filter((rule) => rule.kind === kind && [...judgementsOf(engine, rule)].some(({ verdict }) => verdict === 'ok'))
    .map(({ id }) => id);
  return { found, learned };
}

describe('days without a fault', () => {
  it.each([
    ['water-pressure', '2026-11-20T00:00', 6 * 24, 1, ['suspected-burst', 'pressure-pattern', 'night-flow']],
    ['gas-meter', '2026-11-20T00:00', 36, 2, ['gas-counter-backwards', 'gas-use-impossible', 'gas-valve-passing']],
    ['gas-regulator', '2026-11-20T00:00', 24, 3, ['regulator-outlet-low', 'regulator-outlet-high']],
    ['smart-pole', '2026-01-12T21:00', 28, 1, ['pm25-day', 'noise-day', 'noise-night', 'pole-tilt']],
  ] as const)('raise nothing at %s from %s on', { timeout: 60_000 }, (kind, from, hours, seed, judged) => {
    const { found, learned } = watched(kind, from, hours, seed);
    expect(found).toEqual([]);
    // Otherwise it would have looked at nothing.
    expect(learned).toEqual(expect.arrayContaining([...judged]));
  });
});
