import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { local, MINUTE_MS } from '../simulators/support/town.ts';
import { SampleTown } from './support/sample-town.ts';

/** Two report intervals of a lighting controller, minutes of town time. */
const TWO_INTERVALS = 10;
/** A feeder whose concentrator meters its 43 lamps, and one whose 40 lamps have a controller each. */
const METERED = { feeder: 'F-012', concentrator: 'LC-F012', lamps: 43 };
const SINGLE_LAMPS = { feeder: 'F-001', concentrator: 'LC-F001', lamps: 40 };

describe('a feeder outage', () => {
  it('by day: one alert names the feeder with its deciding samples, and only samples after the outage resolve it', async () => {
    const town = await SampleTown.start(local('2026-11-22T14:00'));
    await town.pass(15);
    expect(await town.alerts()).toEqual([]);
    const [from, back] = [town.now, town.now + 95 * MINUTE_MS];
    await town.fault('feeder-outage', METERED.feeder, '95m');

    // Told in time, by the zero volts that the concentrator reports on its battery.
    await town.pass(TWO_INTERVALS);
    const [alert, ...others] = await town.alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      ...{ rule: 'feeder-supply', subject: { type: 'parent', id: METERED.feeder }, state: 'firing' },
      values: { voltage: 0, lamps: METERED.lamps },
    });
    expect(alert?.evidence).not.toEqual([]);
    for (const { device, ts, values } of alert?.evidence ?? []) {
      expect({ device, voltage: values.voltage }).toEqual({ device: METERED.concentrator, voltage: 0 });
      expect(Date.parse(ts)).toBeGreaterThanOrEqual(from);
    }

    // The battery is empty after an hour; three intervals later the concentrator counts as silent. That is no cure.
    await town.pass(80);
    expect(await town.service.api(`/devices/${METERED.concentrator}/latest`)).toMatchObject({ online: false });
    expect(await town.silent()).toEqual([METERED.concentrator]);
    expect((await town.alerts('state=open')).map(({ id }) => id)).toEqual([alert?.id]);

    // Power is back.
    await town.passTo(back);
    expect((await town.alerts('state=open')).map(({ id }) => id)).toEqual([alert?.id]);
    await town.pass(TWO_INTERVALS);
    const story = await town.story(alert?.id ?? '');
    expect(story.history.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [null, 'pending', 'condition'],
      ['pending', 'firing', 'held'],
      ['firing', 'resolved', 'cleared'],
    ]);
    const lastSample = story.evidence.at(-1);
    expect(lastSample?.device).toBe(METERED.concentrator);
    expect(lastSample?.values.voltage).toBeGreaterThan(200);
    expect(lastSample?.ts).toBe(story.resolvedAt);
    expect(Date.parse(story.resolvedAt ?? '')).toBeGreaterThanOrEqual(back);
    expect(story.notifications.map(({ outcome }) => outcome)).toEqual(['sent', 'sent']);
    expect((await town.alerts()).map(({ id }) => id)).toEqual([alert?.id]);
  });

  it('by night: one alert for each feeder, and not one for each of its lamps', async () => {
    const town = await SampleTown.start(local('2026-11-22T20:00'), 'lighting-controller');
    await town.pass(15);
    expect(await town.rate('feeder', METERED.feeder)).toMatchObject({
      dark: true,
      expected: METERED.lamps,
      unknown: 0,
    });
    const [from, back] = [town.now, town.now + 95 * MINUTE_MS];
    await town.fault('feeder-outage', METERED.feeder, '95m');
    await town.fault('feeder-outage', SINGLE_LAMPS.feeder, '95m');
    const ofFeeders = async () => {
      const alerts = await town.alerts('rule=feeder-supply');
      return alerts.map(({ subject, state }) => `${subject.id} ${state}`).sort();
    };

    await town.pass(TWO_INTERVALS);
    expect(await ofFeeders()).toEqual(['F-001 firing', 'F-012 firing']);
    for (const { evidence, values } of await town.alerts('rule=feeder-supply')) {
      expect(values.voltage).toBe(0);
      for (const { ts } of evidence) expect(Date.parse(ts)).toBeGreaterThanOrEqual(from);
    }
    // The metered lamps are seen to be out; what the controllers said that died with their lamps is no word against 0 V.
    const areOut = async ({ feeder, lamps }: { feeder: string; lamps: number }) =>
      expect(await town.rate('feeder', feeder)).toMatchObject({ lit: 0, out: lamps, unknown: 0, verdict: 'breach' });
    await areOut(METERED);
    await areOut(SINGLE_LAMPS);

    // Past the silence of the lamps' controllers, the end of the batteries, and the silence of the concentrators.
    await town.pass(30);
    await areOut(SINGLE_LAMPS);
    // Lamps are broken now and then, here as elsewhere; of those here nothing has been said yet.
    const isOfOutage = ({ rule, subject, state }: Alert) =>
      subject.type === 'device' && (rule !== 'dark-lamp' || (subject.id.startsWith('LC-F001') && state !== 'pending'));
    const toldOf = async () => {
      const open = await town.alerts('state=open');
      return open.filter(isOfOutage).map(({ rule, subject }) => `${rule} ${subject.id}`);
    };
    expect(await toldOf()).toEqual([]);
    await town.passTo(back);
    // Silent are the two concentrators; of their lamps it is known that they are dark.
    expect(await town.silent()).toHaveLength(2);
    await areOut(METERED);
    await areOut(SINGLE_LAMPS);
    expect(await toldOf()).toEqual([]);
    expect(await ofFeeders()).toEqual(['F-001 firing', 'F-012 firing']);

    await town.pass(TWO_INTERVALS);
    expect(await ofFeeders()).toEqual(['F-001 resolved', 'F-012 resolved']);
    expect(await town.silent()).toEqual([]);
    const told = await town.alerts();
    expect(told.filter(isOfOutage)).toEqual([]);
    expect(await town.rate('feeder', SINGLE_LAMPS.feeder)).toMatchObject({ unknown: 0 });
  });
});
