import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../../src/alerts/book.ts';
import type { SampleRecord } from '../../../src/model/record.ts';
import { Why } from '../../../src/rules/why/why.ts';
import { temporaryStore } from '../../support/temporary.ts';
import { local, Timeline } from '../support/timeline.ts';
import { concentrator, lampController, pressurePoint } from '../support/town.ts';

const RULES = `
- { id: low, type: threshold, kind: water-pressure, name: { zh: 水压偏低, en: Low pressure }, when: pressure < attributes.minPressure, clear: pressure > attributes.minPressure + 0.01, for: 10m, severity: major }
- { id: point-silent, type: silence, kind: water-pressure, name: { zh: 失联, en: Silent }, after: 3 intervals, severity: minor }
- { id: feeder, type: threshold, kind: lighting-controller, name: { zh: 停电, en: Outage }, power: always, when: voltage < 50, for: 60s, subject: parent, severity: critical }
- { id: lamp-silent, type: silence, kind: lighting-controller, name: { zh: 灯失联, en: Lamp silent }, power: switched, after: 3 intervals, severity: info, inhibitedBy: [feeder] }
- { id: rate, type: ratio, kind: lighting-controller, name: { zh: 亮灯率, en: Lighting rate }, part: lamps lit, whole: lamps expected, groupBy: [town, feeder], target: 0.9, clear: 0.95, severity: major }
`;

/** Asks for accounts of a town as its time stands, with the alerts that it has made. */
async function asking(town: Timeline) {
  const store = await temporaryStore();
  const alerts = new AlertBook(store);
  await store.transaction(() => void alerts.take(town.found));
  const newest = (device: string) => {
    const own = town.records.filter(
      (one): one is SampleRecord => one.type === 'sample' && one.sample.device === device,
    );
    const last = own.at(-1);
    return last && { ts: last.sample.ts, receivedAt: last.at, values: last.sample.values };
  };
  const why = new Why(town.engine, { newest, alerts });
  return (rule: string, subject: string) => why.account(rule, subject);
}
const at = (time: string) => new Date(local(`2026-11-22T${time}`)).toISOString();
const points = () =>
  new Timeline('2026-11-22T10:00', RULES, [pressurePoint('WP-1'), pressurePoint('WP-2', { attributes: {} })]);

describe('why', () => {
  it('a pending breach: the figures, the sample, and when it fires', async () => {
    const town = points().at('10:01').keepsReporting('WP-1', { pressure: 0.12 }).at('10:08');
    const why = (await asking(town))('low', 'WP-1');
    expect(why).toMatchObject({
      ...{ verdict: 'breach', reason: null, since: at('10:01'), subject: { type: 'device', id: 'WP-1' } },
      when: { text: 'pressure < attributes.minPressure', figures: '0.12 < 0.14', holds: true },
      clear: { figures: '0.12 > 0.14 + 0.01', holds: false },
      samples: [{ device: 'WP-1', ts: at('10:06'), receivedAt: at('10:06'), values: { pressure: 0.12 } }],
      alert: { startedAt: at('10:01'), due: at('10:11'), firedAt: null, heldBy: null },
      next: {
        at: at('10:11'),
        text: { zh: '若持续，将于 11-22 10:11 报警', en: 'it fires at 11-22 10:11 if it goes on' },
      },
    });
    expect(why.timeline.map(({ to, at: moved }) => [to, moved])).toEqual([['pending', at('10:01')]]);
    expect(why.sentences.en.slice(0, 2)).toEqual([
      'WP-1 (WP-1) by “Low pressure”: a breach, since 11-22 10:01.',
      'Condition: pressure < attributes.minPressure, that is 0.12 < 0.14: holds.',
    ]);
    expect(why.sentences.zh[0]).toBe('WP-1（WP-1）按“水压偏低”：不达标，自 11-22 10:01 起。');
    // What it foretells comes true.
    expect(town.at('10:12').firedAt()).toBe('10:11:00');
  });

  it('an open breach ends with a sample that clears, and an ok one is unknown without more', async () => {
    const town = points().at('10:01').keepsReporting('WP-1', { pressure: 0.12 }).at('10:20');
    expect((await asking(town))('low', 'WP-1').next.text.en).toBe(
      'a sample with pressure > attributes.minPressure + 0.01 ends it',
    );
    town.at('10:25').keepsReporting('WP-1', { pressure: 0.3 }).at('10:31').fallsSilent('WP-1');
    const ok = (await asking(town))('low', 'WP-1');
    expect(ok).toMatchObject({
      verdict: 'ok',
      since: at('10:25'),
      alert: null,
      when: { figures: '0.3 < 0.14', holds: false },
    });
    expect(ok.timeline.map(({ to }) => to)).toEqual(['pending', 'firing', 'resolved']);
    expect(ok.next.at).toBe(at('10:45'));
    expect((await asking(town.at('10:45:01')))('low', 'WP-1').verdict).not.toBe('unknown');
    const later = (await asking(town.at('10:46')))('low', 'WP-1');
    expect(later).toMatchObject({
      verdict: 'silent',
      exclusions: [{ device: 'WP-1', reason: 'silent', since: at('10:30') }],
    });
  });

  it('one that lacks its limit says so, and what to do', async () => {
    const town = points().at('10:01').reports('WP-2', { pressure: 0.12 }).at('10:02');
    const why = (await asking(town))('low', 'WP-2');
    expect(why).toMatchObject({ verdict: 'idle', reason: 'no-limit', when: { figures: '0.12 < ?', holds: null } });
    expect(why.next.text.en).toBe('state its limit in the registry');
    expect(why.exclusions.map(({ text }) => text.zh)).toEqual(['台账未填限值']);
  });

  it('a silence: when it comes, what ends it, and who holds it back', async () => {
    const town = points().at('10:01').reports('WP-1', { pressure: 0.3 }).at('10:02');
    const before = (await asking(town))('point-silent', 'WP-1');
    expect(before).toMatchObject({
      ...{ verdict: 'ok', next: { at: at('10:16') } },
      when: { text: 'quiet >= patience', figures: '55 s >= 15 min', holds: false },
    });
    expect(before.sentences.en).toContain('  heardAt = 11-22 10:01: when something last arrived');
    town.at('10:17');
    const after = (await asking(town))('point-silent', 'WP-1');
    expect(after).toMatchObject({ verdict: 'silent', since: at('10:16') });
    expect(after.next.text.en).toBe('the next report ends it');
    const night = new Timeline('2026-11-22T20:00', RULES, [concentrator('LC-1'), lampController('L-1')]);
    night.at('20:01').keepsReporting('LC-1', { voltage: 0 }).reports('L-1', { lampsLit: 1 }).at('20:30');
    const held = (await asking(night))('lamp-silent', 'L-1');
    expect(held.alert?.heldBy).toMatch(/^[0-9a-f]{32}$/);
    expect(held.next.text.en).toContain(`it is held back by alert ${held.alert?.heldBy}`);
    expect((await asking(night))('feeder', 'parent:F-1')).toMatchObject({
      verdict: 'breach',
      when: { figures: '0 < 50' },
    });
  });

  it('a rate: who is expected, lit, out and unknown since when, and how many lamps would change it', async () => {
    const devices = [concentrator('LC-1'), concentrator('LC-2'), concentrator('LC-3', { parent: 'F-2' })];
    const night = new Timeline('2026-11-22T20:00', RULES, devices);
    night.at('20:01').keepsReporting('LC-1', { lampsLit: 10 }).keepsReporting('LC-3', { lampsLit: 9, lampsTotal: 10 });
    night.reports('LC-2', { lampsLit: 10 }).at('20:30');
    const why = await asking(night);
    expect(why('rate', 'town:lailong')).toMatchObject({
      verdict: 'unknown',
      expected: { devices: 3, expected: 30, lit: 19, out: 1, unknown: 10, target: 0.9 },
      exclusions: [{ device: 'LC-2', reason: 'stale', since: at('20:16') }],
      next: { text: { en: 'of the 10 unknown, 8 found lit make it ok, 3 found out break it' } },
    });
    expect(why('rate', 'F-2').next.text.en).toBe('1 more lamps out would be too many');
    night.at('20:31').reports('LC-2', { lampsLit: 7 });
    const breach = (await asking(night.at('20:32')))('rate', 'lailong');
    expect(breach).toMatchObject({ verdict: 'breach', expected: { lit: 26, out: 4 } });
    expect(breach.samples[0]?.device).toBe('LC-2');
    expect(breach.next.text.en).toBe('3 more lamps lit end it');
    expect(breach.sentences.zh.join('')).toContain('应亮 30 盏：亮 26，灭 4，未知 0');
    // What it foretells comes true: with three more it is over, with two it is not.
    night.reports('LC-2', { lampsLit: 9 });
    expect((await asking(night.at('20:33')))('rate', 'lailong').alert).not.toBeNull();
    night.reports('LC-2', { lampsLit: 10 });
    expect((await asking(night.at('20:34')))('rate', 'lailong')).toMatchObject({ verdict: 'ok', alert: null });
  });

  it('a rate: its interval against the target, or the dark lamps of a small road; with too little known it is unknown', async () => {
    const rules = RULES.replace('target: 0.9', 'minCoverage: 0.8, smallRoads: [{ upTo: 15, dark: 2 }], target: 0.6')
      .replace('[town, feeder]', '[town, road]')
      .replace('clear: 0.95', 'clear: 0.65');
    const devices = [concentrator('LC-1'), concentrator('LC-2', { road: 'lane' })];
    const night = new Timeline('2026-11-22T20:00', rules, devices);
    night.at('20:01').keepsReporting('LC-1', { lampsLit: 7 }).keepsReporting('LC-2', { lampsLit: 10 }).at('20:05');
    const why = await asking(night);
    expect(why('rate', 'town:lailong')).toMatchObject({
      ...{ verdict: 'ok', when: { text: 'high < target', figures: '0.85 < 0.6', holds: false } },
      clear: { text: 'low >= 0.65', figures: '0.85 >= 0.65', holds: true },
      figures: [{ name: 'coverage', value: 1 }],
    });
    expect(why('rate', 'road:avenue')).toMatchObject({
      ...{ verdict: 'breach', reason: 'small-road', when: { text: 'out > dark', figures: '3 > 2', holds: true } },
      figures: [{ name: 'dark', value: 2 }],
    });
    night.fallsSilent('LC-1').at('20:25');
    expect((await asking(night))('rate', 'town:lailong')).toMatchObject({
      ...{ verdict: 'unknown', figures: [{ name: 'coverage', value: 0.5 }] },
    });
  });

  it('work that is announced: since when, and until when', async () => {
    const town = points().at('10:01').maintains({ type: 'device', id: 'WP-1' }, '1h').at('10:05');
    const why = (await asking(town))('low', 'WP-1');
    expect(why).toMatchObject({
      ...{ verdict: 'idle', reason: 'maintenance', next: { at: at('11:01') } },
      exclusions: [{ device: 'WP-1', reason: 'maintenance', since: at('10:01') }],
    });
    expect(why.sentences.zh.join('')).toContain('维护中');
    const night = new Timeline('2026-11-22T20:00', RULES, [
      concentrator('LC-1'),
      concentrator('LC-2', { parent: 'F-2' }),
    ]);
    night.maintains({ type: 'parent', id: 'F-2' }, '1h').at('20:05');
    expect((await asking(night))('rate', 'lailong').exclusions).toContainEqual(
      expect.objectContaining({ device: 'LC-2', reason: 'maintenance', since: at('20:00') }),
    );
  });

  it('nothing: another rule or subject is refused with the nearest, and an account changes nothing', async () => {
    const town = points().at('10:01').reports('WP-1', { pressure: 0.12 }).at('10:02');
    const why = await asking(town);
    expect(() => why('lo', 'WP-1')).toThrow(
      expect.objectContaining({ code: 'not-found', message: expect.stringContaining('did you mean low?') }),
    );
    expect(() => why('low', 'WP-3')).toThrow(/WP-3 is no subject of low \(did you mean WP-1\?\)/);
    expect(() => why('low', 'road:WP-1')).toThrow(/no subject/);
    const before = town.found.length;
    why('low', 'WP-1');
    expect([town.found.length, town.at('10:12').firedAt()]).toEqual([before, '10:11:00']);
  });
});
