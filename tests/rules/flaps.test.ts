import { describe, expect, it } from 'vitest';
import type { Transition } from '../../src/model/transition.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { Flaps, scoreOf } from '../../src/rules/flaps.ts';
import { temporaryStore } from '../support/temporary.ts';
import { local, Timeline } from './support/timeline.ts';
import { gasMeter, KINDS } from './support/town.ts';

const MINUTE = 60_000;
const LEAK = `- { id: leak, type: threshold, kind: gas-meter, name: { zh: 低报, en: Low }, when: leak >= 25, severity: major, ladder: [{ when: leak >= 50, severity: critical }] }`;

describe('the score', () => {
  const score = (now: number, ...turns: number[]) =>
    scoreOf(
      turns.map((minute) => minute * MINUTE),
      now * MINUTE,
    );

  it('is the share of twenty turns within two hours, of which the newest weighs 1.2 and the oldest 0.8', () => {
    expect(score(0)).toBe(0);
    expect(score(0, 0)).toBeCloseTo(1.2 / 20);
    expect(score(60, 0)).toBeCloseTo(1 / 20);
    expect(score(119.999, 0)).toBeCloseTo(0.8 / 20);
    expect(score(120, 0)).toBe(0);
    expect(score(60, 0, 30, 60)).toBeCloseTo((1 + 1.1 + 1.2) / 20);
  });
});

describe('whose alerts come and go', () => {
  /** Fires at these minutes and is over five minutes after each. */
  const flapsAt = (flaps: Flaps, ...minutes: number[]) =>
    minutes.map((minute) => {
      const found = flaps.fired('k', `a${minute}`, 'major', minute * MINUTE);
      flaps.over('k', `a${minute}`, (minute + 5) * MINUTE);
      return found;
    });

  it('is told at the third alert within an hour, and goes on with the next', () => {
    expect(flapsAt(new Flaps(), 0, 20, 40, 60)).toEqual([null, null, 'begins', 'goes-on']);
  });

  it('is not who has an alert every hour', () => {
    expect(flapsAt(new Flaps(), 0, 60, 120, 180, 240)).toEqual([null, null, null, null, null]);
  });

  it('is calm once the score is below a lower threshold than that which began it, and told then once', () => {
    const flaps = new Flaps();
    flapsAt(flaps, 0, 20, 40);
    const calmAt = [];
    for (let minute = 46; minute < 400; minute++)
      for (const alert of flaps.calmed(minute * MINUTE)) calmAt.push([minute, alert]);
    expect(calmAt).toEqual([[140, 'a40']]);
    // Nothing is kept of who is calm.
    expect(flaps.get('k')).toBeUndefined();
  });

  it('is told again of a graver one, and of none that is not', () => {
    const flaps = new Flaps();
    flapsAt(flaps, 0, 20, 40);
    expect(flaps.fired('k', 'b', 'critical', 50 * MINUTE)).toBe('begins');
    expect(flaps.fired('k', 'c', 'critical', 55 * MINUTE)).toBe('goes-on');
    expect(flaps.fired('k', 'd', 'minor', 56 * MINUTE)).toBe('goes-on');
  });
});

describe('alerts that come and go', () => {
  /** Leaks for two minutes at these times of the day. */
  const leaks = (...times: string[]) => {
    const town = new Timeline('2026-11-22T09:00', LEAK, [gasMeter('GM-1', { reportInterval: 60 })]);
    for (const time of times) town.at(time).reports('GM-1', { leak: 30 }).at(`${time}:59`).reports('GM-1', { leak: 0 });
    return town;
  };
  const told = (town: Timeline) =>
    town.found.flatMap((one) =>
      one.step === 'fired' ? [one.flapping ?? 'fired'] : one.step === 'calmed' ? [one.step] : [],
    );

  it('say so with the alert that makes them so, and once they do no more', () => {
    const town = leaks('10:00', '10:10', '10:20', '10:30', '10:40').at('14:00');
    expect(told(town)).toEqual(['fired', 'fired', 'begins', 'goes-on', 'goes-on', 'calmed']);
    expect(town.last('calmed').alert).toBe(town.last('fired').alert);
    expect(town.story().at(-1)).toMatch(/^12:3\d:\d\d calmed leak GM-1 \(calm\)$/);
  });

  it('are no more so for what came late and was over before it was known', () => {
    const town = leaks('10:00', '10:10').at('10:20');
    town.uploads('GM-1', { '10:12': { leak: 30 }, '10:13': { leak: 0 }, '10:14': { leak: 30 }, '10:15': { leak: 0 } });
    town.at('10:25').reports('GM-1', { leak: 30 });
    expect(told(town)).toEqual(['fired', 'fired', 'fired', 'fired', 'begins']);
  });

  it('are still known to after a restart, and are then calm when they would have been', async () => {
    const whole = leaks('10:00', '10:10', '10:20').at('14:00');
    const store = await temporaryStore();
    const checkpoint = new Checkpoint(store);
    const resumed: Transition[] = [];
    const first = new Engine(KINDS, () => {});
    const half = whole.records.findIndex(({ at }) => at > local('2026-11-22T10:15'));
    for (const record of whole.records.slice(0, half)) first.feed(record);
    await store.transaction(() => checkpoint.save(first, half + 1));
    const second = new Engine(KINDS, (step) => resumed.push(step));
    checkpoint.load(second);
    for (const record of whole.records.slice(half)) second.feed(record);
    expect(resumed).toEqual(whole.found.slice(-resumed.length));
    expect(resumed.map(({ step }) => step)).toEqual(['begun', 'fired', 'resolved', 'calmed']);
  });

  it('are forgotten with their rule', () => {
    const town = leaks('10:00', '10:10').at('10:20').reports('GM-1', { leak: 30 }).rulebook('[]').rulebook(LEAK);
    expect(told(town)).toEqual(['fired', 'fired', 'begins']);
    expect(told(town.at('10:22').reports('GM-1', { leak: 30 })).at(-1)).toBe('fired');
    expect(told(town.at('13:00'))).not.toContain('calmed');
  });
});
