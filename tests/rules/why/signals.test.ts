import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../src/model/sample.ts';
import { Engine } from '../../../src/rules/engine.ts';
import type { Account } from '../../../src/rules/why/account.ts';
import { Why } from '../../../src/rules/why/why.ts';
import { type Said, series, signalJournal, signalRules, together } from '../support/signal-journal.ts';
import { local } from '../support/timeline.ts';
import { gasMeter, KINDS, pressurePoint } from '../support/town.ts';

type Values = Sample['values'];
const NOBODY = { newest: () => undefined, alerts: { list: () => [], get: () => undefined } };
const at = (time: string) => new Date(local(time)).toISOString();
const pressures = (...values: number[]) => values.map((pressure): Values => ({ pressure }));

function why(
  said: readonly Said[],
  rule: string,
  subject: string,
  rules?: string,
  devices?: Parameters<typeof signalJournal>[2],
) {
  const engine = new Engine(KINDS, () => {});
  for (const record of signalJournal(said, rules, devices)) engine.feed(record);
  return new Why(engine, NOBODY).account(rule, subject);
}
/** The figures by their names. */
const figures = (account: Account) => Object.fromEntries(account.figures.map(({ name, value }) => [name, value]));
const looked = (account: Account) =>
  account.looked.map(({ values }) =>
    values.map(({ device, value }) => (device === null ? value : `${device} ${value}`)),
  );
/** Half a millibar up and down, so that the spread of its steps is not nought. */
const QUIET = [0.3, 0.301, 0.3, 0.301, 0.3, 0.301, 0.3, 0.301];

describe('why, of a sudden change', () => {
  const point = (...values: number[]) => series('WP-1', '2026-01-15T08:00', pressures(...values));

  it('while it learns: how many samples it has, and how many it lacks', () => {
    const account = why(point(0.3, 0.301, 0.3), 'change', 'WP-1');
    expect(account).toMatchObject({ verdict: 'unknown', reason: 'learning', when: { holds: null } });
    expect(looked(account)).toEqual([[0.3, 0.301, 0.3]]);
    expect(account.next.text.en).toBe('it is judged once so many samples more are there: 1');
  });

  it('before it: the spread of its own steps, what would be one, and the condition with both', () => {
    const account = why(point(...QUIET), 'change', 'WP-1');
    // Every step is one of 0.001: their median is 0.001, a standard deviation 1.4826 of it.
    expect(figures(account)).toEqual({ pressure: 0.301, from: 0.301, spread: 0.001483, least: 0.05 });
    expect(account).toMatchObject({
      verdict: 'ok',
      when: {
        text: 'from - pressure >= max(0.05, 4 * spread)',
        figures: '0.301 - 0.301 >= max(0.05, 4 * 0.001483)',
        holds: false,
      },
    });
    expect(account.sentences.zh).toContain('  spread = 0.001483 MPa：本点逐次变化的离散程度');
  });

  it('after it: the level that it left and when, what ends it, and when the new level is the usual one', () => {
    const account = why(point(...QUIET, 0.2, 0.19), 'change', 'WP-1');
    expect(figures(account)).toEqual({ pressure: 0.19, from: 0.301, change: -0.111, half: 0.0555 });
    expect(account).toMatchObject({
      verdict: 'breach',
      clear: { text: 'from - pressure <= half', figures: '0.301 - 0.19 <= 0.0555', holds: false },
      next: { at: at('2026-01-15T11:40') },
    });
    expect(account.next.text.en).toMatch(/^it is over at 0\.2455 MPa; if not, from 01-15 11:40 on/);
    expect(account.looked[0]?.values.at(-1)).toEqual({ device: null, at: at('2026-01-15T08:45'), value: 0.19 });
    // What it foretells comes true: a little short of it is no end, a little beyond is one.
    expect(why(point(...QUIET, 0.2, 0.19, 0.245), 'change', 'WP-1').verdict).toBe('breach');
    expect(why(point(...QUIET, 0.2, 0.19, 0.246), 'change', 'WP-1').verdict).toBe('ok');
  });
});

describe('why, of a stuck sensor', () => {
  const still = pressures(0.3, 0.3, 0.3, 0.3, 0.3, 0.3);
  const moving = pressures(0.3, 0.302, 0.3, 0.302, 0.3, 0.302);

  it('its scatter against its resolution, and which others move by how much', () => {
    const said = together(series('WP-2', '2026-01-15T07:59', moving), series('WP-1', '2026-01-15T08:00', still));
    const account = why(said, 'stuck', 'WP-1');
    expect(figures(account)).toEqual({ pressure: 0.3, scatter: 0, resolution: 0.001, moving: 1 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { figures: '0 < 0.001 && 1 >= 1', holds: true },
      clear: { text: 'scatter >= 0.001', holds: false },
    });
    // Three at 0.3 and three at 0.302 scatter by 0.001.
    expect(looked(account)).toEqual([[0.3, 0.3, 0.3, 0.3, 0.3, 0.3], ['WP-2 0.001']]);
  });

  it('with nobody to compare it with: that, and what would change it', () => {
    const account = why(series('WP-1', '2026-01-15T08:00', still), 'stuck', 'WP-1');
    expect(account).toMatchObject({ verdict: 'idle', reason: 'no-neighbours', when: { holds: false } });
    expect(account.next.text.zh).toBe('同区至少 1 点在变时才能判断');
  });
});

describe('why, of a point that disagrees with its zone', () => {
  /** Eight hours at 0.3, 0.32 and 0.34, and then the first one at `last` for a quarter of an hour. */
  const zone = (last: number, hours = 8) => {
    const count = 12 * hours;
    const levels: [string, number][] = [
      ['WP-3', 0.34],
      ['WP-2', 0.32],
      ['WP-1', 0.3],
    ];
    return together(
      ...levels.map(([id, level]) => {
        const before = new Array<number>(count).fill(level);
        const after = new Array<number>(3).fill(id === 'WP-1' ? last : level);
        return series(id, '2026-01-15T00:00', pressures(...before, ...after));
      }),
    );
  };

  it('the median of the others, where it usually lies beside it, and how far it is from there', () => {
    const account = why(zone(0.45), 'deviation', 'WP-1');
    expect(figures(account)).toMatchObject({ pressure: 0.45, median: 0.33, usually: -0.03, off: 0.15 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { figures: 'abs((0.45 - 0.33) - (-0.03)) > 0.1', holds: true },
      clear: { figures: 'abs((0.45 - 0.33) - (-0.03)) <= 0.08', holds: false },
    });
    expect(looked(account)[0]).toEqual(['WP-2 0.32', 'WP-3 0.34']);
    expect(account.sentences.en.join('\n')).toContain('learned from 8 hours');
    expect(account.next.text.en).toBe('it is over within 0.08 of its usual place');
  });

  it('while it learns: how many hours it lacks', () => {
    const account = why(zone(0.3, 3), 'deviation', 'WP-1');
    expect(account).toMatchObject({ verdict: 'unknown', reason: 'learning', when: { holds: null }, clear: null });
    expect(account.next.text.en).toMatch(/hours more are learned: 2$/);
  });
});

describe('why, of a pattern of the day', () => {
  const night = (day: number, flow: number) =>
    series('WP-1', `2026-01-${day}T01:55`, new Array<Values>(27).fill({ flow }));

  it('the figure of the stretch and those of the days before, with their median and spread', () => {
    const account = why([...night(10, 3), ...night(11, 3.1), ...night(12, 3.3), ...night(13, 9)], 'pattern', 'WP-1');
    // The median of 3, 3.1 and 3.3 is 3.1; they lie 0.1, 0 and 0.2 from it: 1.4826 × 0.1.
    expect(figures(account)).toEqual({ flow: 9, days: 3, usually: 3.1, spread: 0.14826, least: 2 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'flow - usually > max(2, 4 * spread)', figures: '9 - 3.1 > max(2, 4 * 0.14826)', holds: true },
      next: { at: at('2026-01-14T02:00') },
    });
    expect(account.sentences.en).toContain('  flow = 9 m³/h: the least of 01-13 02:00–04:00');
    expect(looked(account)).toEqual([[3.1, 3.3, 9]]);
  });

  it('in the stretch: what it has come to so far, and when it is judged', () => {
    const running = series('WP-1', '2026-01-12T01:55', new Array<Values>(13).fill({ flow: 4 }));
    const account = why([...night(10, 3), ...night(11, 3.1), ...running], 'pattern', 'WP-1');
    expect(figures(account)).toMatchObject({ flow: 3.1, running: 4 });
    expect(account.next).toMatchObject({ at: at('2026-01-12T04:00') });
  });

  it('against the limit of the registry where it is stated', () => {
    const rules = `- { id: pattern, type: pattern, kind: water-pressure, name: { zh: 夜间流量, en: Night flow }, severity: minor, of: flow, between: { from: "02:00", to: "04:00" }, take: min, direction: up, by: 2, days: 3, minDays: 3, limit: maxNightFlow }\n`;
    const point = pressurePoint('WP-1', { attributes: { maxNightFlow: 2.5 } });
    const account = why(night(10, 3), 'pattern', 'WP-1', rules, [point]);
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'flow > maxNightFlow', figures: '3 > 2.5', holds: true },
      looked: [],
    });
  });
});

describe('why, of a counter', () => {
  const volumes = (...values: number[]) => values.map((volume): Values => ({ volume }));

  it('what it had reached, and from where on it is over', () => {
    const account = why(series('GM-1', '2026-01-15T08:00', volumes(100, 101, 102, 90)), 'counter', 'GM-1');
    // One sample alone may be a slip: two have reached 101.
    expect(figures(account)).toEqual({ volume: 90, reached: 101 });
    expect(account).toMatchObject({ verdict: 'breach', when: { figures: '90 < 101', holds: true } });
    expect(account.next.text.en).toMatch(/^it is over from 101 on/);
  });

  it('what went through it, in how long, and what its size allows', () => {
    const rules = `- { id: counter, type: counter, kind: gas-meter, name: { zh: 用量, en: Use }, severity: minor, of: volume, finds: impossible, most: maxFlow, meter: meter, tolerance: 0.5 }\n`;
    const meter = gasMeter('GM-1', { attributes: { size: 'G2.5', meter: 'M-7' }, reportInterval: 1_800 });
    const said = series('GM-1', '2026-01-15T08:00', volumes(100, 104), 1_800_000);
    const account = why(said, 'counter', 'GM-1', rules, [meter]);
    // Qmax of a G2.5 is 4 m³/h.
    expect(figures(account)).toEqual({ volume: 104, used: 4, hours: 0.5, maxFlow: 4, meter: 'M-7' });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'used > maxFlow * hours + 0.5', figures: '4 > 4 * 0.5 + 0.5', holds: true },
    });
  });
});

describe('why, of an average', () => {
  const warm = (from: string, hours: number, temperature: number) =>
    series('WP-1', from, new Array<Values>(12 * hours + 2).fill({ temperature }));

  it('the mean of its period, the limit, how much of it was covered, and when the next begins', () => {
    const account = why(warm('2026-01-15T21:55', 8, 25), 'average', 'WP-1');
    expect(figures(account)).toMatchObject({ mean: 25, limit: 20, coverage: 1, limitNow: 20 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { text: 'mean > limit', figures: '25 > 20', holds: true },
      next: { at: at('2026-01-16T22:00') },
    });
  });

  it('in its period: what it has come to so far, and the limit with the days on which it holds', () => {
    const rules = `- { id: average, type: average, kind: water-pressure, name: { zh: 均值, en: Mean }, severity: minor, of: temperature, limits: [{ above: 75, validTo: 2026-02-28 }, { above: 60, validFrom: 2026-03-01, validTo: 2030-12-31 }] }\n`;
    const account = why(warm('2026-03-02T00:00', 3, 25), 'average', 'WP-1', rules);
    expect(figures(account)).toMatchObject({ limitNow: 60, running: 25 });
    expect(account).toMatchObject({ verdict: 'unknown', reason: 'learning', when: { figures: '? > 60', holds: null } });
    const said = account.sentences.en.join('\n');
    expect(said).toContain('limitNow = 60 °C: the limit in force (valid 2026-03-01 – 2030-12-31)');
    expect(said).toContain('of 3 full hours out of 24');
    expect(account.next.at).toBe(at('2026-03-03T00:00'));
  });
});

describe('why, of a drift', () => {
  const temperatures = (...values: number[]) =>
    series(
      'WP-1',
      '2026-01-15T08:00',
      values.map((temperature) => ({ temperature })),
    );
  const ten = new Array<number>(13).fill(10);

  it('its baseline and from when it was learned, how far it is from there, and what ends it', () => {
    const account = why(temperatures(...ten, 15, 15, 15), 'drift', 'WP-1');
    expect(figures(account)).toEqual({ temperature: 15, baseline: 10, off: 5 });
    expect(account).toMatchObject({
      verdict: 'breach',
      when: { figures: 'abs(15 - 10) > 3', holds: true },
      clear: { text: 'abs(temperature - baseline) <= 2.4', holds: false },
    });
    expect(account.sentences.zh.join('\n')).toContain('自 01-15 08:00 起学得的基线（13 个样本的平均）');
  });

  it('while it learns: until when, at the earliest', () => {
    const account = why(temperatures(10, 10), 'drift', 'WP-1');
    expect(account).toMatchObject({ verdict: 'unknown', when: { holds: null }, next: { at: at('2026-01-15T09:00') } });
    expect(account.sentences.en.join('\n')).toMatch(/is judged once its baseline is learned, at 01-15 09:00/);
  });

  it('names the attribute where the baseline is stated', () => {
    const rules = signalRules(['drift']).replace(
      'of: temperature, above: 3',
      'of: pressure, above: 0.3, baseline: minPressure',
    );
    const account = why(series('WP-1', '2026-01-15T08:00', pressures(0.3)), 'drift', 'WP-1', rules);
    expect(figures(account)).toMatchObject({ baseline: 0.14 });
    expect(account.sentences.zh.join('\n')).toContain('台账基线（minPressure）');
  });
});
