import { describe, expect, it } from 'vitest';
import { local, Timeline } from './support/timeline.ts';
import { concentrator, lampController, pressurePoint } from './support/town.ts';

const POINT_SILENT = `
- id: point-silent
  type: silence
  kind: water-pressure
  name: { zh: 测压点失联, en: Pressure point silent }
  after: 3 intervals
  severity: minor
`;
const LAMP_SILENT = `
- id: lamp-silent
  type: silence
  kind: lighting-controller
  name: { zh: 单灯控制器失联, en: Lamp controller silent }
  power: switched
  after: 3 intervals
  for: 10m
  severity: info
`;
const LIT = { voltage: 230, lampsLit: 1, lampsTotal: 1 };

const water = (more: Parameters<typeof pressurePoint>[1] = {}, rules = POINT_SILENT) =>
  new Timeline('2026-11-22T10:00', rules, [pressurePoint('WP-1', more)]);

describe('silence', () => {
  it('begins when nothing has arrived for three report intervals, and says for how long', () => {
    const town = water().at('10:02').keepsReporting('WP-1', { pressure: 0.3 }).at('10:20').fallsSilent('WP-1');
    town.at('11:00');
    expect(town.story()).toEqual([
      '10:32:00 begun point-silent WP-1 (silence)',
      '10:32:00 fired point-silent WP-1 (silence)',
    ]);
    expect(town.last('fired')).toMatchObject({
      verdict: 'silent',
      firedAt: local('2026-11-22T10:32'),
      values: { silentSeconds: 900, reportInterval: 300 },
      evidence: [{ device: 'WP-1', ts: '2026-11-22T02:17:00.000Z' }],
    });
    expect(town.last('begun')).toMatchObject({ startedAt: local('2026-11-22T10:32'), organisation: 'water-company' });
    expect(town.verdict('point-silent', 'WP-1')).toBe('silent');
  });

  it('counts arrivals, not sample times: who sends old samples is not silent', () => {
    const town = water().at('10:10').reports('WP-1', { pressure: 0.3 });
    for (const time of ['10:20', '10:30', '10:40', '10:50'])
      town.at(time).reports('WP-1', { pressure: 0.3 }, { measured: '09:00' });
    expect([town.at('11:00').story(), town.verdict('point-silent', 'WP-1')]).toEqual([[], 'ok']);
  });

  it('takes a duration as well, and gives a device that never spoke the same time from its registration on', () => {
    const town = water({}, POINT_SILENT.replace('3 intervals', '20m')).at('10:19:59');
    expect(town.verdict('point-silent', 'WP-1')).toBe('ok');
    expect(town.at('10:30').story()[0]).toBe('10:20:00 begun point-silent WP-1 (silence)');
    expect(town.last('fired').evidence).toEqual([]);
  });

  it('goes by the interval of the device', () => {
    const town = water({ reportInterval: 3_600 }).at('12:59:50');
    expect(town.story()).toEqual([]);
    expect(town.at('13:01').story()[0]).toBe('13:00:00 begun point-silent WP-1 (silence)');
  });

  it('ends by what arrives, be it old, and by nothing else', () => {
    const town = water().at('20:00');
    expect(town.story().length).toBe(2);
    town.reports('WP-1', { battery: 12 }, { measured: '07:00' }).at('20:01');
    expect(town.story().at(-1)).toBe('20:00:00 resolved point-silent WP-1 (heard)');
    expect(town.last('resolved')).toMatchObject({ resolvedAt: local('2026-11-22T20:00'), quiet: false, verdict: 'ok' });
  });

  it('vanishes when something arrives while it is pending', () => {
    const town = water({}, POINT_SILENT.replace('severity', 'for: 10m\n  severity')).at('10:20');
    expect(town.story()).toEqual(['10:15:00 begun point-silent WP-1 (silence)']);
    town.reports('WP-1', { pressure: 0.3 }).at('10:32');
    expect(town.story().at(-1)).toBe('10:20:00 vanished point-silent WP-1 (heard)');
  });

  it('is no question for one who is out of service, or is to begin with its first report', () => {
    const [from, to] = [local('2026-11-22T10:30'), local('2026-11-22T11:00')];
    const later = water({ inService: { from, to: null } }).at('10:29');
    expect([later.story(), later.verdict('point-silent', 'WP-1')]).toEqual([[], 'idle: out-of-service']);
    expect(later.at('10:31').story()[0]).toBe('10:30:00 begun point-silent WP-1 (silence)');
    const auto = water({ inService: 'auto' }).at('12:00');
    expect([auto.story(), auto.verdict('point-silent', 'WP-1')]).toEqual([[], 'idle: out-of-service']);
    expect(auto.reports('WP-1', { pressure: 0.3 }).at('12:16').story()[0]).toContain('12:15:00 begun');
    const gone = water({ inService: { from: null, to } }).at('11:30');
    expect(gone.story().length).toBe(2);
    expect(gone.reports('WP-1', { pressure: 0.3 }).at('11:40').story().length).toBe(2);
  });
});

describe("the service's own absence", () => {
  it('is no silence of anybody: it is taken off what each was quiet for', () => {
    const town = water().at('10:02').keepsReporting('WP-1', { pressure: 0.3 }).at('10:12:30').serviceIsAway('2h');
    expect(town.verdict('point-silent', 'WP-1')).toBe('ok');
    expect(town.at('12:40').story()).toEqual([]);
  });

  it('leaves him who stays quiet the rest of his time', () => {
    const town = water().at('10:02').keepsReporting('WP-1', { pressure: 0.3 }).at('10:08').fallsSilent('WP-1');
    // Quiet for five minutes of the fifteen when the service goes.
    town.at('10:12').serviceIsAway('2h').at('12:30');
    expect(town.story()[0]).toBe('12:22:00 begun point-silent WP-1 (silence)');
    expect(town.last('fired').values.silentSeconds).toBe(900);
  });

  it('counts for what was heard before it only', () => {
    const town = water().at('10:10').serviceIsAway('1h');
    town.at('11:11').reports('WP-1', { pressure: 0.3 }).at('11:40');
    expect(town.story()[0]).toBe('11:26:00 begun point-silent WP-1 (silence)');
  });

  it('is added up over several absences', () => {
    const town = water().at('10:10').reports('WP-1', { pressure: 0.3 });
    town.at('10:14').serviceIsAway('30m').at('10:50').serviceIsAway('30m').at('11:40');
    expect(town.story()[0]).toBe('11:25:00 begun point-silent WP-1 (silence)');
  });
});

describe('a controller that is switched with its lamps', () => {
  const start = (from: string) => new Timeline(from, LAMP_SILENT, [lampController('L-1')]);

  it('is expected by night only: its silence by day means nothing', () => {
    const town = start('2026-11-22T15:00').at('16:59');
    expect([town.story(), town.verdict('lamp-silent', 'L-1')]).toEqual([[], 'idle: daylight']);
  });

  it('has ten minutes from dusk to start before its silence counts', () => {
    const town = start('2026-11-22T16:00').at('17:24');
    expect([town.story(), town.verdict('lamp-silent', 'L-1')]).toEqual([[], 'unknown: boot']);
    town.at('18:00');
    const [begun, fired] = town.story();
    // The sun sets at 17:00; ten minutes to boot, three intervals, and `for` of ten minutes.
    expect(begun).toMatch(/^17:2[4-6]:\d\d begun/);
    expect(fired).toMatch(/^17:3[4-6]:\d\d fired/);
    expect(town.verdict('lamp-silent', 'L-1')).toBe('silent');
  });

  it('is not expected either when its half-night is over, unless some of its lamps burn on', () => {
    const halfNight = (more: object) =>
      new Timeline('2026-11-22T22:00', LAMP_SILENT, [
        lampController('L-1', { attributes: { lamps: 9, plan: 'half-night', planUntil: '23:00', ...more } }),
      ]);
    const off = halfNight({}).keepsReporting('L-1', LIT).at('23:00').fallsSilent('L-1').at('02:00');
    expect([off.story(), off.verdict('lamp-silent', 'L-1')]).toEqual([[], 'idle: daylight']);
    const on = halfNight({ planLamps: 3 }).keepsReporting('L-1', LIT).at('23:00').fallsSilent('L-1').at('02:00');
    expect(on.verdict('lamp-silent', 'L-1')).toBe('silent');
  });

  it('stays an open alert through the day, until it is heard', () => {
    const town = start('2026-11-22T06:00').keepsReporting('L-1', LIT).at('06:07').fallsSilent('L-1').at('16:00');
    expect(town.story()).toEqual([
      '06:20:00 begun lamp-silent L-1 (silence)',
      '06:30:00 fired lamp-silent L-1 (silence)',
    ]);
    expect(town.verdict('lamp-silent', 'L-1')).toBe('idle: daylight');
    town.at('17:05').keepsReporting('L-1', LIT).at('17:06');
    expect(town.story().at(-1)).toBe('17:05:00 resolved lamp-silent L-1 (heard)');
  });

  it('that was heard until dawn is not silent at dusk', () => {
    const town = start('2026-11-22T06:00').keepsReporting('L-1', LIT).at('06:44').fallsSilent('L-1');
    town.at('17:08').keepsReporting('L-1', LIT).at('20:00');
    expect(town.story()).toEqual([]);
  });
});

describe('a silent device, held back by another alert', () => {
  const RULES = `
- id: feeder-supply
  type: threshold
  kind: lighting-controller
  name: { zh: 回路停电, en: Feeder outage }
  power: always
  when: voltage < 50
  for: 60s
  subject: parent
  severity: critical
- id: concentrator-silent
  type: silence
  kind: lighting-controller
  name: { zh: 集中器失联, en: Concentrator silent }
  power: always
  after: 3 intervals
  severity: minor
  inhibitedBy: [feeder-supply]
${LAMP_SILENT.trim()}
  inhibitedBy: [feeder-supply, concentrator-silent]
`;
  const start = () => {
    const own = concentrator('LC-1', { attributes: { lamps: 0 } });
    const devices = [own, lampController('L-1'), lampController('L-2'), concentrator('LC-2', { parent: 'F-2' })];
    const town = new Timeline('2026-11-22T20:00:30', RULES, devices);
    for (const { id } of devices) town.keepsReporting(id, LIT);
    return town;
  };

  it('says nothing while its feeder has no supply; the feeder speaks for it', () => {
    const town = start().at('20:10').keepsReporting('LC-1', { voltage: 0 }).fallsSilent('L-1', 'L-2').at('21:00');
    expect(town.story()).toEqual([
      '20:10:00 begun feeder-supply F-1 (condition)',
      '20:11:00 fired feeder-supply F-1 (held)',
      expect.stringMatching(/^20:20:\d\d begun lamp-silent L-1 \(silence\)$/),
      expect.stringMatching(/^20:20:\d\d begun lamp-silent L-2 \(silence\)$/),
      expect.stringMatching(/^20:30:\d\d held lamp-silent L-1 \(inhibited\)$/),
      expect.stringMatching(/^20:30:\d\d held lamp-silent L-2 \(inhibited\)$/),
    ]);
    expect(town.last('fired').children).toEqual(['L-1', 'L-2']);
    expect(town.last('held').by).toBe(town.last('fired').alert);
  });

  it('is given as long as its patience to come back when the feeder is supplied again, and then speaks', () => {
    const town = start().at('20:10').keepsReporting('LC-1', { voltage: 0 }).fallsSilent('L-1', 'L-2').at('21:00');
    town.keepsReporting('LC-1', { voltage: 230 }).at('21:10').keepsReporting('L-1', LIT).at('21:30');
    expect(town.story('lamp-silent').slice(-4)).toEqual([
      '21:00:00 held lamp-silent L-1 (released)',
      '21:00:00 held lamp-silent L-2 (released)',
      expect.stringMatching(/^21:10:\d\d vanished lamp-silent L-1 \(heard\)$/),
      '21:15:00 fired lamp-silent L-2 (silence)',
    ]);
  });

  it('is the concentrator alone, with its lamps as children, when only that is lost: silence is not darkness', () => {
    const town = start().at('20:10').fallsSilent('LC-1', 'L-1', 'L-2').at('21:00');
    expect(town.story().filter((line) => line.includes(' fired '))).toEqual([
      '20:20:30 fired concentrator-silent LC-1 (silence)',
    ]);
    expect(town.last('fired')).toMatchObject({ children: ['L-1', 'L-2'], values: { lampsUnknown: 2 } });
    expect(town.story('feeder-supply')).toEqual([]);
  });

  it("that is the concentrator falls silent under the feeder's alert when its battery is empty", () => {
    const town = start().at('20:10').keepsReporting('LC-1', { voltage: 0 }).at('21:09').fallsSilent('LC-1').at('22:00');
    expect(town.story('concentrator-silent').map((line) => line.slice(9))).toEqual([
      'begun concentrator-silent LC-1 (silence)',
      'held concentrator-silent LC-1 (inhibited)',
    ]);
    town.keepsReporting('LC-1', { voltage: 230 }).at('22:01');
    expect(town.story().slice(-2)).toEqual([
      '22:00:00 resolved feeder-supply F-1 (cleared)',
      '22:00:00 vanished concentrator-silent LC-1 (heard)',
    ]);
  });

  it('does not hold back the devices of another feeder', () => {
    const town = start().at('20:10').keepsReporting('LC-1', { voltage: 0 }).fallsSilent('LC-2').at('21:00');
    expect(town.story('concentrator-silent')).toContainEqual(expect.stringContaining('fired concentrator-silent LC-2'));
  });

  it("speaks, after its patience, when the feeder's alert was only pending and vanished", () => {
    const town = start().at('20:10').fallsSilent('L-1').at('20:30:25').keepsReporting('LC-1', { voltage: 0 });
    town.at('20:30:40').keepsReporting('LC-1', { voltage: 230 }).at('21:00');
    expect(town.story('lamp-silent').map((line) => line.replace(/:\d\d /, ' '))).toEqual([
      '20:20 begun lamp-silent L-1 (silence)',
      '20:30 held lamp-silent L-1 (inhibited)',
      '20:30 held lamp-silent L-1 (released)',
      '20:45 fired lamp-silent L-1 (silence)',
    ]);
  });
});
