import { describe, expect, it, onTestFinished } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { instant } from '../../src/model/primitives.ts';
import { correctionOf } from '../../src/rules/correction.ts';
import { versionOf } from '../../src/rules/rulebook.ts';
import { temporaryStore } from '../support/temporary.ts';
import { LitTown, says } from './support/lit-town.ts';
import { local } from './support/timeline.ts';
import { concentrator, TOWN } from './support/town.ts';

const RATE = `- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 率, en: Rate }, part: lamps lit, whole: lamps expected, groupBy: [town, class], target: 0.9, for: 10m, severity: major }`;
const at = (time: string) => local(`2026-11-22T${time}`);
const MINUTE = 60_000;

/** An alert about the town's rate that was decided by 20:02 to 20:12. */
const alert = (more: Partial<Alert> = {}): Alert =>
  ({
    ...{ rule: 'rate', ruleVersion: versionOf(RATE), subject: { type: 'town', id: 'lailong' } },
    ...{ startedAt: instant(at('20:02')), firedAt: instant(at('20:12')), resolvedAt: null, ...more },
  }) as Alert;

/** Ten lamps, of which three burn from 19:50 to 21:00 by what came in time. */
async function town(...lampsLit: number[]) {
  const it = new LitTown(at('12:00'), await temporaryStore(), TOWN);
  onTestFinished(() => it.stop());
  await it.start(TOWN, concentrator('LC-1'));
  await it.changes({ what: 'rulebook', text: RATE, version: versionOf(RATE) });
  await it.passTo(at('21:00'));
  if (lampsLit.length > 0) await it.arrive(...reports(lampsLit[0] as number));
  return it;
}
function reports(lampsLit: number) {
  return Array.from({ length: 14 }, (_, index) => says('LC-1', at('19:50') + index * 5 * MINUTE, { lampsLit }));
}
const ask = (it: LitTown, more?: Partial<Alert>) => correctionOf(it.engine, it.checkpoint, alert(more));

describe('an alert about a lighting rate', () => {
  it('is not corrected by a record that says the same', async () => {
    const it = await town(3);
    await it.passTo(at('22:30'));
    expect(it.checkpoint.lighting.madeUntil()).toBeGreaterThanOrEqual(at('21:00'));
    expect(ask(it)).toBeNull();
  });

  it('is marked once samples that came late have made the record say otherwise, with its revision', async () => {
    const it = await town(3);
    await it.passTo(at('22:30'));
    await it.arrive(...reports(10));
    await it.passTo(at('23:00'));
    expect(ask(it)).toEqual({ verdict: 'ok', reason: null, low: 1, high: 1, revision: 2 });
    // Another alert of the same hour, and one about the class of road, by the same record.
    expect(ask(it, { subject: { type: 'road', id: 'main' } })).toMatchObject({ verdict: 'ok' });
    // It is the record that is asked: where it says so again, nothing is marked.
    await it.arrive(...reports(2));
    await it.passTo(at('23:30'));
    expect(ask(it)).toBeNull();
  });

  it('about too few reports is marked once the reports are there', async () => {
    const it = await town();
    await it.passTo(at('22:30'));
    const coverage = { rule: 'rate.coverage' };
    expect(ask(it, coverage)).toBeNull();
    await it.arrive(...reports(10));
    await it.passTo(at('23:00'));
    expect(ask(it, coverage)).toMatchObject({ verdict: 'ok', low: 1 });
  });

  it('is judged by the rulebook of its time', async () => {
    const it = await town(3);
    await it.passTo(at('22:30'));
    const lower = RATE.replace('0.9', '0.2');
    await it.changes({ what: 'rulebook', text: lower, version: versionOf(lower) });
    expect(ask(it)).toBeNull();
  });

  it('is not judged by hours that are not made, by a part of a bucket, or where it is about something else', async () => {
    const it = await town(10);
    // What ticks have seen of it is what the alert rests on itself.
    const seen = { expected: 10, lit: 10, out: 0, unknown: 0, watched: 1 };
    const bucket = { group: 'town', id: 'lailong', start: at('20:05'), ...seen } as const;
    await it.store.transaction(() => it.checkpoint.lighting.put(bucket));
    expect(ask(it)).toBeNull();
    await it.passTo(at('22:30'));
    expect(ask(it)).toMatchObject({ verdict: 'ok' });
    expect(ask(it, { startedAt: instant(at('20:02')), firedAt: instant(at('20:02')) })).toMatchObject({
      verdict: 'ok',
    });
    expect(ask(it, { firedAt: instant(at('20:02')), resolvedAt: instant(at('20:08')) })).toBeNull();
    expect(ask(it, { firedAt: null })).toBeNull();
    expect(ask(it, { rule: 'other' })).toBeNull();
    expect(ask(it, { subject: { type: 'area', id: 'centre' } })).toBeNull();
  });
});
