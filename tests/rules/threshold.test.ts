import { describe, expect, it } from 'vitest';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, lampController, pressurePoint } from './support/town.ts';

const LOW_PRESSURE = `
- id: low-pressure
  type: threshold
  kind: water-pressure
  name: { zh: 水压偏低, en: Low pressure }
  when: pressure < attributes.minPressure
  clear: pressure > attributes.minPressure + 0.01
  for: 10m
  severity: major
`;
const LEAKS = `
- { id: leak-low, type: threshold, kind: gas-meter, name: { zh: 低报, en: Low }, when: leak >= 25, clear: leak < 20, severity: major }
- { id: leak-high, type: threshold, kind: gas-meter, name: { zh: 高报, en: High }, when: leak >= 50, clear: leak < 40, severity: critical }
`;
const FEEDER_SUPPLY = `
- id: feeder-supply
  type: threshold
  kind: lighting-controller
  name: { zh: 回路停电, en: Feeder outage }
  power: always
  when: voltage < 50
  for: 60s
  subject: parent
  severity: critical
  organisation: urban-management
`;

const water = (rules = LOW_PRESSURE, ...more: Parameters<typeof pressurePoint>[1][]) =>
  new Timeline(
    '2026-11-22T10:00',
    rules,
    (more.length === 0 ? [{}] : more).map((change, index) => pressurePoint(`WP-${index + 1}`, change)),
  );

describe('a threshold', () => {
  it('waits for `for`: pending at the first bad sample, firing when it has held so long', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.1 }).at('10:30');
    expect(town.story()).toEqual([
      '10:01:00 begun low-pressure WP-1 (condition)',
      '10:11:00 fired low-pressure WP-1 (held)',
    ]);
    expect(town.last('begun')).toMatchObject({ startedAt: local('2026-11-22T10:01'), verdict: 'breach' });
    expect(town.firedAt()).toBe('10:11:00');
    expect(town.verdict('low-pressure', 'WP-1')).toBe('breach');
  });

  it('does not fire by time that the service was away for, before its device has spoken again', () => {
    const told = (pressure: number) =>
      water()
        .at('10:01')
        .reports('WP-1', { pressure: 0.1 })
        .at('10:04')
        .serviceIsAway('8m')
        .at('10:12:31')
        .reports('WP-1', { pressure }, { measured: '10:06' })
        .at('10:12:40')
        .story();
    expect(told(0.3)).toEqual([
      '10:01:00 begun low-pressure WP-1 (condition)',
      '10:12:31 vanished low-pressure WP-1 (cleared)',
    ]);
    expect(told(0.1)).toEqual([
      '10:01:00 begun low-pressure WP-1 (condition)',
      '10:12:35 fired low-pressure WP-1 (held)',
    ]);
  });

  it("fires at a sample, at that sample's own time, when the sample is the first to show that it held", () => {
    const town = water();
    town.at('10:01:02').reports('WP-1', { pressure: 0.1 }, { measured: '10:01:01' });
    town.at('10:11:04').reports('WP-1', { pressure: 0.1 }, { measured: '10:11:03' });
    expect(town.story().at(-1)).toBe('10:11:04 fired low-pressure WP-1 (held)');
    expect(town.firedAt()).toBe('10:11:03');
  });

  it('fires at a tick, dated startedAt + for, when no sample comes at that moment and the device is fresh', () => {
    const town = water();
    town.at('10:01:02').reports('WP-1', { pressure: 0.1 });
    town.at('10:08').reports('WP-1', { pressure: 0.1 });
    town.at('10:20');
    expect(town.story().at(-1)).toBe('10:11:05 fired low-pressure WP-1 (held)');
    expect(town.firedAt()).toBe('10:11:02');
  });

  it('vanishes without an alert when it clears while it is pending, whatever `clear` asks', () => {
    const town = water();
    town.at('10:01').reports('WP-1', { pressure: 0.1 });
    town.at('10:06').reports('WP-1', { pressure: 0.141 });
    town.at('10:30');
    expect(town.story()).toEqual([
      '10:01:00 begun low-pressure WP-1 (condition)',
      '10:06:00 vanished low-pressure WP-1 (cleared)',
    ]);
  });

  it('resolves only where `clear` holds, on that sample and at its time', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.1 }).at('10:15').fallsSilent('WP-1');
    town.at('10:16').reports('WP-1', { pressure: 0.145 });
    expect(town.verdict('low-pressure', 'WP-1')).toBe('breach');
    expect(town.story().at(-1)).toContain('fired');
    town.at('10:21').reports('WP-1', { pressure: 0.1501 }, { measured: '10:20:59' });
    expect(town.story().at(-1)).toBe('10:21:00 resolved low-pressure WP-1 (cleared)');
    expect(town.last('resolved')).toMatchObject({
      resolvedAt: local('2026-11-22T10:20:59'),
      quiet: false,
      verdict: 'ok',
      values: { pressure: 0.1501, minPressure: 0.14 },
    });
  });

  it('says by which samples and figures it decided: the first bad one and the newest', () => {
    const town = water();
    town.at('10:01').reports('WP-1', { pressure: 0.12, battery: 50 });
    town.at('10:06').reports('WP-1', { pressure: 0.11 });
    town.at('10:11').reports('WP-1', { pressure: 0.1 });
    expect(town.last('fired')).toMatchObject({
      verdict: 'breach',
      values: { pressure: 0.1, minPressure: 0.14 },
      evidence: [
        { device: 'WP-1', ts: '2026-11-22T02:01:00.000Z', values: { pressure: 0.12, battery: 50 } },
        { device: 'WP-1', ts: '2026-11-22T02:11:00.000Z', values: { pressure: 0.1 } },
      ],
      children: [],
    });
  });

  it('stays pending while its device is silent, and fires at the sample that shows it still holds', () => {
    const slow = LOW_PRESSURE.replace('10m', '20m');
    const town = water(slow);
    town.at('10:01').reports('WP-1', { pressure: 0.1 }).at('11:00');
    expect(town.verdict('low-pressure', 'WP-1')).toBe('silent');
    expect(town.story()).toEqual(['10:01:00 begun low-pressure WP-1 (condition)']);
    town.at('11:01').reports('WP-1', { pressure: 0.1 });
    expect(town.story().at(-1)).toBe('11:01:00 fired low-pressure WP-1 (held)');
  });

  it('keeps an open alert of a silent device open, however long', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.1 }).at('10:20').fallsSilent('WP-1').at('09:00');
    expect(town.verdict('low-pressure', 'WP-1')).toBe('silent');
    expect(town.story().at(-1)).toContain('fired');
  });

  it('does not judge a device that states no limit: idle, reason no-limit', () => {
    const town = water(LOW_PRESSURE, { attributes: {} });
    town.at('10:01').keepsReporting('WP-1', { pressure: 0 }).at('10:30');
    expect([town.story(), town.verdict('low-pressure', 'WP-1')]).toEqual([[], 'idle: no-limit']);
  });

  it('neither fires nor resolves on samples without its field: unknown once the last telling one is too old', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.1 }).at('10:12').keepsReporting('WP-1', { battery: 80 });
    town.at('11:00');
    expect([town.story().at(-1), town.verdict('low-pressure', 'WP-1')]).toEqual([
      '10:11:00 fired low-pressure WP-1 (held)',
      'unknown: no-sample',
    ]);
  });

  it('finds what is broken without a field that its device lacks, and ends it by what `clear` sees', () => {
    const when = 'when: flow > 3.0 || pressure < attributes.minPressure';
    const town = water(LOW_PRESSURE.replace('when: pressure < attributes.minPressure', when));
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.3 }).at('10:30');
    // Nobody knows whether its flow is too high.
    expect([town.story(), town.verdict('low-pressure', 'WP-1')]).toEqual([[], 'idle: not-fitted']);
    town.keepsReporting('WP-1', { pressure: 0.05 }).at('10:50');
    expect(town.story().at(-1)).toMatch(/ fired low-pressure WP-1 /);
    expect(town.verdict('low-pressure', 'WP-1')).toMatch(/^breach/);
    town.keepsReporting('WP-1', { pressure: 0.3 }).at('11:00');
    expect(town.story().at(-1)).toMatch(/ resolved low-pressure WP-1 \(cleared\)/);
  });

  it('does not judge a device that is out of service, nor let it resolve: idle', () => {
    const inService = { from: local('2026-11-22T10:30'), to: local('2026-11-22T11:00') };
    const town = water(LOW_PRESSURE, { inService });
    town.at('10:01').keepsReporting('WP-1', { pressure: 0 }).at('10:29');
    expect([town.story(), town.verdict('low-pressure', 'WP-1')]).toEqual([[], 'idle: out-of-service']);
    town.at('10:50');
    expect(town.story()).toEqual([
      '10:31:00 begun low-pressure WP-1 (condition)',
      '10:41:00 fired low-pressure WP-1 (held)',
    ]);
    town.at('11:00').keepsReporting('WP-1', { pressure: 0.3 }).at('11:30');
    expect([town.story().length, town.verdict('low-pressure', 'WP-1')]).toEqual([2, 'idle: out-of-service']);
  });

  it('lets `for` run out on nobody who went out of service meanwhile', () => {
    const town = water(LOW_PRESSURE, { inService: { from: null, to: local('2026-11-22T10:05') } });
    town.at('10:01').keepsReporting('WP-1', { pressure: 0 }).at('10:30');
    expect(town.story()).toEqual(['10:01:00 begun low-pressure WP-1 (condition)']);
  });

  it('begins anew after it resolved, as an alert of its own', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.1 }).at('10:20').keepsReporting('WP-1', { pressure: 0.3 });
    town.at('10:30').keepsReporting('WP-1', { pressure: 0.1 }).at('10:50');
    expect(town.story().map((line) => line.split(' ')[1])).toEqual(['begun', 'fired', 'resolved', 'begun', 'fired']);
    expect(new Set(town.found.map(({ alert }) => alert)).size).toBe(2);
  });
});

describe('the order of time', () => {
  it('is that of the samples: a late one never moves a state', () => {
    const town = water();
    town.at('10:01').keepsReporting('WP-1', { pressure: 0.3 }).at('10:21');
    town.uploads('WP-1', { '10:02': { pressure: 0 }, '10:13': { pressure: 0 } }).at('10:22');
    expect(town.story()).toEqual([]);
    town.keepsReporting('WP-1', { pressure: 0.1 }).at('10:40');
    expect(town.story().at(-1)).toContain('fired');
    town.reports('WP-1', { pressure: 0.3 }, { measured: '10:30' }).at('10:41');
    expect([town.story().at(-1), town.verdict('low-pressure', 'WP-1')]).toEqual([
      '10:32:00 fired low-pressure WP-1 (held)',
      'breach',
    ]);
  });

  it('is that of everything a device says: a late one moves nothing, though it is the first to tell of its field', () => {
    const town = water(LOW_PRESSURE.replace('for: 10m', 'for: 0s')).at('10:20').reports('WP-1', { battery: 80 });
    town.at('10:21').reports('WP-1', { pressure: 0 }, { measured: '10:19' }).at('10:22');
    expect([town.story(), town.verdict('low-pressure', 'WP-1')]).toEqual([[], 'unknown: no-sample']);
  });

  it.each([
    ['of a logger that uploads every two hours', { reportInterval: 7_200 }],
    ['after an outage of the network', {}],
  ])(
    'a batch %s that breaks and clears wholly in the past is one alert, resolved as late, and told to nobody',
    (_whose, device) => {
      const town = water(LOW_PRESSURE, device);
      town.at('10:00:30').reports('WP-1', { pressure: 0.3 });
      town.at('12:00:30').uploads('WP-1', {
        '10:30': { pressure: 0.1 },
        '10:35': { pressure: 0.1 },
        '10:40': { pressure: 0.1 },
        '11:00': { pressure: 0.1 },
        '11:30': { pressure: 0.3 },
        '12:00': { pressure: 0.3 },
      });
      town.at('12:10');
      expect(town.story()).toEqual([
        '12:00:30 begun low-pressure WP-1 (condition)',
        '12:00:30 fired low-pressure WP-1 (late)',
        '12:00:30 resolved low-pressure WP-1 (late)',
      ]);
      expect(town.firedAt()).toBe('10:40:00');
      expect(town.last('resolved')).toMatchObject({
        resolvedAt: local('2026-11-22T11:30'),
        quiet: true,
        verdict: 'ok',
      });
    },
  );

  it('a batch that ends between the limit and what clears it leaves an alert that is open, as if it had come in time', () => {
    const town = water().at('12:00:31');
    town.uploads('WP-1', { '10:30': { pressure: 0.1 }, '10:45': { pressure: 0.1 }, '11:00': { pressure: 0.145 } });
    town.at('12:10');
    expect(town.story().at(-1)).toBe('12:00:35 fired low-pressure WP-1 (held)');
  });

  it('a batch that breaks in the past and still holds is told by its newest sample, dated when it had held long enough', () => {
    const town = water();
    town.at('10:00:30').reports('WP-1', { pressure: 0.3 });
    town.at('12:00:31').uploads('WP-1', {
      '10:30': { pressure: 0.1 },
      '10:45': { pressure: 0.1 },
      '12:00:31': { pressure: 0.09 },
    });
    expect(town.story().at(-1)).toBe('12:00:31 fired low-pressure WP-1 (held)');
    expect([town.firedAt(), town.last('fired').values.pressure]).toEqual(['10:45:00', 0.09]);
  });

  it('a batch that breaks in the past and brings nothing of now is told at the next tick', () => {
    const town = water();
    town
      .at('12:00:31')
      .uploads('WP-1', { '10:30': { pressure: 0.1 }, '10:45': { pressure: 0.1 } })
      .at('12:10');
    expect(town.story()).toEqual([
      '12:00:31 begun low-pressure WP-1 (condition)',
      '12:00:35 fired low-pressure WP-1 (held)',
    ]);
    expect(town.firedAt()).toBe('10:45:00');
  });

  it('takes a sample whose time had to be replaced for one of now', () => {
    const town = water();
    town.at('10:01').reports('WP-1', { pressure: 0.1 }, { replaced: true });
    town.at('10:11').reports('WP-1', { pressure: 0.1 }, { replaced: true });
    expect(town.story().at(-1)).toBe('10:11:00 fired low-pressure WP-1 (held)');
  });

  it('takes a second sample of the same instant for what the first did not say, and no second time for what it did', () => {
    const town = water(LOW_PRESSURE.replace('for: 10m', 'for: 0s'));
    town.at('10:01').reports('WP-1', { battery: 80 }).reports('WP-1', { pressure: 0.1 });
    expect(town.story().at(-1)).toBe('10:01:00 fired low-pressure WP-1 (at-once)');
    town.reports('WP-1', { pressure: 0.3 }).at('10:02');
    expect(town.story().at(-1)).toContain('fired');
  });

  it('lets a clock that is five minutes ahead fire no later than the sample comes', () => {
    const town = water();
    town.at('10:01').reports('WP-1', { pressure: 0.1 }, { measured: '10:05' });
    town.at('10:11').reports('WP-1', { pressure: 0.1 }, { measured: '10:15' });
    expect([town.story().at(-1), town.firedAt()]).toEqual(['10:11:00 fired low-pressure WP-1 (held)', '10:15:00']);
  });
});

describe('a gas leak', () => {
  it('is told at once, low and high each on its own, with the figure', () => {
    const town = new Timeline('2026-11-22T10:00', LEAKS, [gasMeter('GM-1')]);
    town.at('10:00:01').reports('GM-1', { leak: 30 });
    town.at('10:00:02').reports('GM-1', { leak: 55 });
    town.at('10:00:03').reports('GM-1', { leak: 45 });
    town.at('10:00:04').reports('GM-1', { leak: 35 });
    town.at('10:00:05').reports('GM-1', { leak: 19 });
    expect(town.story()).toEqual([
      '10:00:01 begun leak-low GM-1 (condition)',
      '10:00:01 fired leak-low GM-1 (at-once)',
      '10:00:02 begun leak-high GM-1 (condition)',
      '10:00:02 fired leak-high GM-1 (at-once)',
      '10:00:04 resolved leak-high GM-1 (cleared)',
      '10:00:05 resolved leak-low GM-1 (cleared)',
    ]);
    expect(town.found.filter(({ step }) => step === 'fired')).toMatchObject([
      { values: { leak: 30 } },
      { values: { leak: 55 } },
    ]);
  });

  it('that was over before it was heard of is one alert already resolved', () => {
    const town = new Timeline('2026-11-22T10:00', LEAKS, [gasMeter('GM-1')]);
    town
      .at('10:30')
      .uploads('GM-1', { '10:10': { leak: 30 }, '10:20': { leak: 0 } })
      .at('10:31');
    expect(town.story()).toEqual([
      '10:30:00 begun leak-low GM-1 (condition)',
      '10:30:00 fired leak-low GM-1 (late)',
      '10:30:00 resolved leak-low GM-1 (late)',
    ]);
  });

  it('that was measured a while ago and may go on is told within one tick', () => {
    const town = new Timeline('2026-11-22T10:00', LEAKS, [gasMeter('GM-1')]);
    town.at('10:30:01').reports('GM-1', { leak: 30 }, { measured: '10:10' }).at('10:31');
    expect(town.story().at(-1)).toBe('10:30:05 fired leak-low GM-1 (at-once)');
    expect(town.firedAt()).toBe('10:10:00');
  });
});

describe.each([
  ['by day', '12'],
  ['by night', '20'],
])('a feeder outage %s', (_when, hour) => {
  const start = () => {
    const lamps = ['L-1', 'L-2', 'L-3'].map((id) => lampController(id));
    const devices = [concentrator('LC-1', { attributes: { lamps: 0 } }), concentrator('LC-2'), ...lamps];
    const town = new Timeline(`2026-11-22T${hour}:00`, FEEDER_SUPPLY, devices);
    return town.keepsReporting('LC-1', { voltage: 231 }).keepsReporting('LC-2', { voltage: 229 });
  };

  it('is one alert against the feeder, although several devices hang on it, with its deciding samples', () => {
    const town = start().at(`${hour}:10`).keepsReporting('LC-1', { voltage: 0 });
    town.at(`${hour}:10:20`).keepsReporting('LC-2', { voltage: 0 }).at(`${hour}:30`);
    expect(town.story()).toEqual([
      `${hour}:10:00 begun feeder-supply F-1 (condition)`,
      `${hour}:11:00 fired feeder-supply F-1 (held)`,
    ]);
    expect(town.last('fired')).toMatchObject({
      values: { voltage: 0, lamps: 13 },
      evidence: [{ device: 'LC-1', ts: new Date(local(`2026-11-22T${hour}:10`)).toISOString() }, { device: 'LC-2' }],
      children: ['L-1', 'L-2', 'L-3'],
    });
    expect(town.last('begun')).toMatchObject({
      subject: { type: 'parent', id: 'F-1' },
      title: { zh: 'Feeder F-1：回路停电', en: 'Feeder F-1: Feeder outage' },
      organisation: 'urban-management',
      severity: 'critical',
    });
  });

  it('resolves when the last of them has its supply back, never on silence', () => {
    const town = start().at(`${hour}:10`).keepsReporting('LC-1', { voltage: 0 }).keepsReporting('LC-2', { voltage: 0 });
    town.at(`${hour}:20`).fallsSilent('LC-2').at(`${hour}:30`).keepsReporting('LC-1', { voltage: 230 });
    town.at(`${hour}:59`);
    expect(town.story().at(-1)).toBe(`${hour}:11:00 fired feeder-supply F-1 (held)`);
    town.reports('LC-2', { voltage: 230 });
    expect(town.story().at(-1)).toBe(`${hour}:59:00 resolved feeder-supply F-1 (cleared)`);
  });

  it("is not what a lamp's own controller reports as it dies", () => {
    const town = start().at(`${hour}:10`).reports('L-1', { voltage: 0 }).at(`${hour}:20`);
    expect(town.story()).toEqual([]);
  });

  it('names the device where it hangs on no feeder', () => {
    const town = new Timeline(`2026-11-22T${hour}:00`, FEEDER_SUPPLY, [concentrator('LC-9', { parent: null })]);
    town.at(`${hour}:01`).keepsReporting('LC-9', { voltage: 0 }).at(`${hour}:03`);
    expect(town.last('begun').subject).toEqual({ type: 'device', id: 'LC-9' });
    expect(town.story().at(-1)).toBe(`${hour}:02:00 fired feeder-supply LC-9 (held)`);
  });
});
