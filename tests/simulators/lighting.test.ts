import { describe, expect, it } from 'vitest';
import { HOUR_MS, idsOf, local, MINUTE_MS, type Said, SECOND_MS, Trial } from './support/town.ts';

/** A concentrator with thirty lamps of its own, and one whose lamps have controllers of their own. */
const GROUPED = { feeder: 'F-012', id: 'LC-F012' };
const SINGLE = { feeder: 'F-001', id: 'LC-F001' };
const LAMPS = idsOf('lighting-controller', ({ gateway }) => gateway === SINGLE.id);
const LIGHTING = { only: 'lighting-controller' };
/** On the day of the trials the sun sets at 17:00 and rises the next morning at 6:45. */
const AFTERNOON = local('2026-11-22T15:00');
const EVENING = local('2026-11-22T20:00');
const NOON = local('2026-11-22T12:00');
const SUNSET = local('2026-11-22T17:00');
const SUNRISE = local('2026-11-23T06:45');

const lit = ({ values }: Said) => Number(values.lampsLit);
const instants = (said: readonly Said[]) => said.map(({ at }) => at);

describe('lamps', () => {
  it('burn from sunset to sunrise, and say so within minutes of either', () => {
    const said = new Trial(AFTERNOON, LIGHTING).said(18 * HOUR_MS, GROUPED.id);
    const total = Number(said[0]?.values.lampsTotal);
    const burning = said.filter((sample) => lit(sample) > 0);
    expect(total).toBeGreaterThan(0);
    expect(burning.every((sample) => lit(sample) >= 0.9 * total)).toBe(true);
    expect(Math.abs((burning[0]?.at ?? 0) - SUNSET)).toBeLessThan(5 * MINUTE_MS);
    const dark = said.find((sample) => sample.at > SUNRISE - HOUR_MS && lit(sample) === 0);
    expect(Math.abs((dark?.at ?? 0) - SUNRISE)).toBeLessThan(5 * MINUTE_MS);
  });

  it('have controllers of their own that are heard only while the circuit is switched on', () => {
    const said = new Trial(AFTERNOON, LIGHTING).said(18 * HOUR_MS, ...LAMPS);
    expect(new Set(said.map(({ device }) => device)).size).toBe(LAMPS.length);
    expect(Math.min(...instants(said))).toBeGreaterThan(SUNSET - 5 * MINUTE_MS);
    expect(Math.max(...instants(said))).toBeLessThan(SUNRISE + 5 * MINUTE_MS);
  });

  it('draw what they need, and the meter counts it', () => {
    const said = new Trial(EVENING, LIGHTING).said(HOUR_MS, GROUPED.id);
    const [first, last] = [said[0]?.values ?? {}, said.at(-1)?.values ?? {}];
    const hours = ((said.at(-1)?.at ?? 0) - (said[0]?.at ?? 0)) / HOUR_MS;
    const counted = Number(last.energy) - Number(first.energy);
    expect(counted / ((Number(first.power) / 1000) * hours)).toBeCloseTo(1, 1);
    expect(Number(first.current)).toBeCloseTo(
      Number(first.power) / (Number(first.voltage) * Number(first.powerFactor)),
      0,
    );
  });
});

describe.each([
  ['by night', EVENING],
  ['by day', NOON],
])('a feeder outage %s', (_when, start) => {
  it('is seen at once as 0 V without a lamp lit, for an hour, and then not at all', () => {
    const trial = new Trial(start, LIGHTING);
    const { from, until } = trial.fault('feeder-outage', GROUPED.feeder, 3 * HOUR_MS);
    const dead = trial.said(3 * HOUR_MS, GROUPED.id);
    expect(dead[0]?.at).toBe(from + SECOND_MS);
    for (const { values } of dead)
      expect(values).toMatchObject({
        voltage: 0,
        lampsLit: 0,
        current: 0,
        power: 0,
        lampFault: false,
        gearFault: false,
      });
    expect(dead.at(-1)?.at).toBeGreaterThan(from + HOUR_MS - 6 * MINUTE_MS);
    expect(dead.at(-1)?.at).toBeLessThan(from + HOUR_MS);
    expect(trial.town.isConnected(GROUPED.id, from + HOUR_MS - 1)).toBe(true);
    expect(trial.town.isConnected(GROUPED.id, from + HOUR_MS)).toBe(false);

    const [back] = trial.said(HOUR_MS, GROUPED.id);
    expect(back?.at).toBe(until + 30 * SECOND_MS);
    expect(back?.values.voltage).toBeGreaterThan(200);
  });

  it('is reported over as soon as it is, when the battery outlasts it', () => {
    const trial = new Trial(start, LIGHTING);
    const { until } = trial.fault('feeder-outage', GROUPED.feeder, 15 * MINUTE_MS);
    const said = trial.said(20 * MINUTE_MS, GROUPED.id);
    expect(said.every(({ at, values }) => (values.voltage === 0) === at < until)).toBe(true);
    expect(instants(said)).toContain(until + SECOND_MS);
  });

  it('strikes nobody on another feeder', () => {
    const [calm, struck] = [new Trial(start), new Trial(start)];
    struck.fault('feeder-outage', GROUPED.feeder, HOUR_MS);
    const others = ({ device }: Said) => device !== GROUPED.id;
    expect(struck.said(10 * MINUTE_MS).filter(others)).toEqual(calm.said(10 * MINUTE_MS).filter(others));
  });
});

describe('a feeder outage', () => {
  it('silences the controllers of single lamps at once, while their concentrator still speaks', () => {
    const trial = new Trial(EVENING, LIGHTING);
    expect(new Set(trial.said(5 * MINUTE_MS, ...LAMPS).map(({ device }) => device)).size).toBe(LAMPS.length);
    const { until } = trial.fault('feeder-outage', SINGLE.feeder, 15 * MINUTE_MS);
    const said = trial.said(15 * MINUTE_MS, SINGLE.id, ...LAMPS);
    expect(new Set(said.filter(({ at }) => at < until).map(({ device }) => device))).toEqual(new Set([SINGLE.id]));
    const back = trial.said(MINUTE_MS, ...LAMPS);
    expect(new Set(back.map(({ device }) => device)).size).toBe(LAMPS.length);
    expect(Math.min(...instants(back))).toBe(until + MINUTE_MS);
  });

  it('is known to a concentrator whose lamps have controllers of their own by its voltage, by day too', () => {
    const trial = new Trial(NOON, LIGHTING);
    const { from } = trial.fault('feeder-outage', SINGLE.feeder, HOUR_MS);
    const [first] = trial.said(MINUTE_MS, SINGLE.id);
    expect(first).toMatchObject({ at: from + SECOND_MS, values: { voltage: 0 } });
  });

  it('is over at once when it is stopped', () => {
    const trial = new Trial(EVENING, LIGHTING);
    const { id } = trial.fault('feeder-outage', GROUPED.feeder, 15 * MINUTE_MS);
    trial.said(3 * MINUTE_MS);
    trial.town.faults.stop(id);
    const stopped = trial.clock.now();
    const [back] = trial.said(MINUTE_MS, GROUPED.id);
    expect(back?.at).toBe(stopped + SECOND_MS);
    expect(lit(back as Said)).toBeGreaterThan(0);
    expect(trial.town.faults.list()).toEqual([]);
  });

  it('keeps from the meter what was not drawn', () => {
    const [calm, struck] = [new Trial(EVENING, LIGHTING), new Trial(EVENING, LIGHTING)];
    struck.fault('feeder-outage', GROUPED.feeder, HOUR_MS / 2);
    const energy = (trial: Trial) => Number(trial.said(2 * HOUR_MS, GROUPED.id).at(-1)?.values.energy);
    const [whole, less] = [energy(calm), energy(struck)];
    const power = Number(new Trial(EVENING, LIGHTING).said(5 * MINUTE_MS, GROUPED.id)[0]?.values.power);
    expect(whole - less).toBeCloseTo(power / 2 / 1000, 1);
  });
});

describe('the loss of a concentrator', () => {
  it('is silence, its own and that of all behind it, until it has booted again', () => {
    const trial = new Trial(EVENING, LIGHTING);
    const { until } = trial.fault('concentrator-loss', SINGLE.id, HOUR_MS);
    expect(trial.town.isConnected(SINGLE.id, trial.clock.now())).toBe(false);
    expect(trial.said(HOUR_MS, SINGLE.id, ...LAMPS)).toEqual([]);
    const back = trial.said(10 * MINUTE_MS, SINGLE.id, ...LAMPS);
    expect(back[0]).toMatchObject({ device: SINGLE.id, at: until + 30 * SECOND_MS });
    expect(new Set(back.map(({ device }) => device)).size).toBe(1 + LAMPS.length);
  });

  it('leaves the lamps burning: nothing was off, and the meter has counted on', () => {
    const [calm, struck] = [new Trial(EVENING, LIGHTING), new Trial(EVENING, LIGHTING)];
    struck.fault('concentrator-loss', GROUPED.id, HOUR_MS);
    const whole = calm.said(2 * HOUR_MS, GROUPED.id);
    const heard = struck.said(2 * HOUR_MS, GROUPED.id);
    expect(heard.length).toBeLessThan(whole.length);
    const [back] = heard;
    expect(lit(back as Said)).toBe(lit(whole[0] as Said));
    expect(heard.at(-1)).toEqual(whole.at(-1));
  });

  it('may be asked for by the feeder as well', () => {
    const trial = new Trial(EVENING, LIGHTING);
    trial.fault('concentrator-loss', GROUPED.feeder, HOUR_MS);
    expect(trial.said(HOUR_MS, GROUPED.id)).toEqual([]);
  });
});

describe('a lit lamp', () => {
  it('stays lit while its concentrator is lost, and its own controller would say so', () => {
    const [calm, struck] = [new Trial(EVENING, LIGHTING), new Trial(EVENING, LIGHTING)];
    struck.fault('concentrator-loss', SINGLE.id, 15 * MINUTE_MS);
    const after = local('2026-11-22T20:20');
    const last = (trial: Trial) =>
      trial
        .said(30 * MINUTE_MS, ...LAMPS)
        .filter(({ at }) => at > after)
        .map(({ device, values }) => [device, values.lampsLit]);
    expect(last(struck)).toEqual(last(calm));
  });
});
