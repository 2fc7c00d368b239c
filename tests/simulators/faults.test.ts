import { describe, expect, it } from 'vitest';
import { HOUR_MS, lailong, local, MINUTE_MS, Trial } from './support/town.ts';

const NOON = local('2026-11-22T12:00');

describe('the desk of faults', () => {
  it('has every feeder, concentrator, pressure point and detector for a target, each once', () => {
    const kinds = new Trial(NOON).town.faults.kinds();
    const idsOf = (fault: string) => kinds.find((kind) => kind.fault === fault)?.targets.map(({ id }) => id) ?? [];
    const feeders = lailong.town.network.filter(({ type }) => type === 'feeder').map(({ id }) => id);
    expect([...idsOf('feeder-outage')].sort()).toEqual([...feeders].sort());
    const concentrators = lailong.devices.filter(
      ({ kind, gateway }) => kind === 'lighting-controller' && gateway === null,
    );
    expect(idsOf('concentrator-loss')).toEqual(concentrators.map(({ id }) => id));
    expect(idsOf('pressure-drop')).toEqual(expect.arrayContaining(['WP-0001', 'WP-0030']));
    expect(idsOf('gas-leak')).toEqual(expect.arrayContaining(['GR-01', 'GR-06']));
    for (const { targets } of kinds) expect(new Set(targets.map(({ id }) => id)).size).toBe(targets.length);
  });

  it('lists what is on or to come, and forgets what is over', () => {
    const trial = new Trial(NOON);
    const { faults } = trial.town;
    trial.fault('feeder-outage', 'F-001', 10 * MINUTE_MS);
    faults.start({ fault: 'gas-leak', target: 'GR-01', duration: MINUTE_MS, delay: HOUR_MS });
    expect(faults.list().map(({ fault }) => fault)).toEqual(['feeder-outage', 'gas-leak']);
    trial.clock.advance(10 * MINUTE_MS);
    expect(faults.list().map(({ fault }) => fault)).toEqual(['gas-leak']);
  });

  it('never lets a fault happen that is stopped before it begins', () => {
    const trial = new Trial(NOON);
    const { id } = trial.town.faults.start({
      ...{ fault: 'gas-leak', target: 'GR-01' },
      ...{ duration: HOUR_MS, delay: MINUTE_MS },
    });
    trial.town.faults.stop(id);
    const leaks = trial.said(10 * MINUTE_MS, 'GR-01').map(({ values }) => Number(values.leak));
    expect(Math.max(...leaks)).toBeLessThan(5);
  });

  it('takes the same fault again once it is over, or was stopped', () => {
    const trial = new Trial(NOON);
    const { id } = trial.fault('pressure-drop', 'WP-0001', HOUR_MS);
    expect(() => trial.fault('pressure-drop', 'Z-1', HOUR_MS)).toThrow('WP-0001 suffers pressure-drop');
    trial.town.faults.stop(id);
    expect(trial.fault('pressure-drop', 'Z-1', HOUR_MS).from).toBe(NOON);
  });

  it('refuses a fault without a duration, and the end of one that is not on', () => {
    const trial = new Trial(NOON);
    expect(() => trial.fault('gas-leak', 'GR-01', 0)).toThrow('lasts longer than nothing');
    expect(() => trial.town.faults.stop('fault-1')).toThrow('no fault fault-1 is on');
  });
});
