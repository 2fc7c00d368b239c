import { describe, expect, it } from 'vitest';
import type { LightingRate } from '../../src/console/api.ts';
import { takeInventory } from '../../src/console/inventory.ts';
import { highestLeakFirst, leakingDevices } from '../../src/console/leaks.ts';
import { lastResolvedFirst, mostPressingFirst, rateInForce, worstRateFirst } from '../../src/console/order.ts';
import { summarise } from '../../src/console/pressures.ts';
import { answersFor } from '../browser/support/fixture-town.ts';

const night = answersFor('night');
const breach = answersFor('breach');

describe('water pressure in figures', () => {
  const points = night.devices.filter((device) => device.kind === 'water-pressure');
  const at = (device: string, time: string, mean: number) => ({ ts: `2026-11-23T${time}.000Z`, device, mean });

  it("judges each point's newest mean by its own limit, the least margin first", () => {
    const summary = summarise(
      [
        at('WP-0003', '12:25:00', 0.2),
        at('WP-0001', '12:25:00', 0.27),
        at('WP-0003', '12:20:00', 0.1),
        at('WP-0004', '12:20:00', 0.15),
      ],
      points,
    );
    expect(summary.points.map((point) => [point.id, point.pressure, point.limit])).toEqual([
      ['WP-0001', 0.27, 0.28],
      ['WP-0004', 0.15, 0.14],
      ['WP-0003', 0.2, 0.14],
    ]);
    expect(summary).toMatchObject({ below: 1, min: 0.15, median: 0.2 });
  });

  it('never calls a point without a limit low', () => {
    expect(summarise([at('unregistered', '12:25:00', 0.001)], points)).toMatchObject({ below: 0, min: 0.001 });
  });

  it('has no figures where nothing was read', () => {
    expect(summarise([], points)).toEqual({ points: [], below: 0, min: null, median: null });
  });
});

describe('gas leaks in figures', () => {
  const at = (device: string, time: string, leak: number) => ({ ts: `2026-11-23T${time}.000Z`, device, leak });

  it('lists the newest word of every detector, the highest first, and marks those with an open alert', () => {
    const readings = [
      at('GR-0002', '12:30:00', 61.4),
      at('GR-0002', '12:29:00', 99),
      at('GR-0001', '12:30:00', 1),
      at('GM-0008', '11:50:00', 72.5),
    ];
    expect(highestLeakFirst(readings, breach.open).map(({ device, leak, leaking }) => [device, leak, leaking])).toEqual(
      [
        ['GM-0008', 72.5, true],
        ['GR-0002', 61.4, true],
        ['GR-0001', 1, false],
      ],
    );
  });

  it('counts low and high alarm of one device as one leak, and no alert on anything else', () => {
    expect([...leakingDevices(breach.open)].sort()).toEqual(['GM-0008', 'GR-0002']);
    expect(leakingDevices(night.open).size).toBe(0);
  });
});

describe('devices in figures', () => {
  it('counts all but the silent as online, by kind and in all', () => {
    const { all, byKind } = takeInventory(night.devices);
    expect(all).toMatchObject({ total: 856, online: 855, silent: 1, ok: 855 });
    expect(byKind.map(([kind, tally]) => [kind, tally.total])).toEqual([
      ['gas-meter', 300],
      ['gas-regulator', 6],
      ['lighting-controller', 480],
      ['smart-pole', 40],
      ['water-pressure', 30],
    ]);
  });

  it('leaves retired devices out', () => {
    const retired = night.devices.map((device) => ({ ...device, retiredAt: 1 }));
    expect(takeInventory(retired).all.total).toBe(0);
  });
});

describe('order', () => {
  it('puts firing before acknowledged, then the severest, then the newest', () => {
    const states = mostPressingFirst(breach.open).map((alert) => [alert.state, alert.severity, alert.subject.id]);
    expect(states.slice(0, 2)).toEqual([
      ['firing', 'critical', 'GR-0002'],
      ['firing', 'critical', 'F-005'],
    ]);
    expect(states.at(-1)).toEqual(['acknowledged', 'major', 'WP-0007']);
  });

  it('puts the last resolved first', () => {
    expect(lastResolvedFirst([...night.resolved].reverse()).map((alert) => alert.id)).toEqual(['r1', 'r2']);
  });

  it('puts the worst verdict first, then the lowest rate, and groups without any rate last', () => {
    const [some] = breach.rates.feeder as [LightingRate];
    const group = (id: string, verdict: LightingRate['verdict'], reported: number | null) => ({
      ...some,
      id,
      verdict,
      reported,
    });
    const unjudged = { ...group('unjudged', 'idle', null), dark: false, lastNight: null };
    const ids = worstRateFirst([
      unjudged,
      group('fine', 'ok', 0.99),
      group('dark', 'breach', 0),
      group('unheard', 'unknown', null),
      group('fair', 'ok', 0.98),
      group('half', 'breach', 0.5),
    ]).map((rate) => rate.id);
    expect(ids).toEqual(['dark', 'half', 'unheard', 'fair', 'fine', 'unjudged']);
  });

  it("takes last night's rate by day", () => {
    const [town] = answersFor('day').rates.town as [LightingRate];
    expect(rateInForce(town)).toMatchObject({ reported: 0.9821, verdict: 'ok' });
  });
});
