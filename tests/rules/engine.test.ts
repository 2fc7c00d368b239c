import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/model/record.ts';
import { alertId } from '../../src/rules/occurrences.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator, gasMeter, pressurePoint } from './support/town.ts';

const LEAK = `
- { id: leak, type: threshold, kind: gas-meter, name: { zh: 漏, en: Leak }, when: leak >= 25, clear: leak < 20, severity: major }
`;
const FEEDER = `
- { id: feeder, type: threshold, kind: lighting-controller, name: { zh: 停电, en: Outage }, when: voltage < 50, subject: parent, severity: major }
`;
const SILENT = `
- { id: silent, type: silence, kind: gas-meter, name: { zh: 失联, en: Silent }, after: 10m, severity: info }
`;

describe('an alert', () => {
  it('has an id that follows from rule, subject and beginning alone', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    const { alert, rule, subject, startedAt } = town.last('begun');
    // sha256 of "leak\ndevice\nGM-1\n1795312860000", as `sha256sum` gives it.
    expect(alert).toBe('fa0c6fc4fb2b72f3194c09aa3f73e85a');
    expect(alertId(rule, subject, startedAt)).toBe(alert);
    const other = new Timeline('2026-11-22T09:00', FEEDER + LEAK, [concentrator('LC-1'), gasMeter('GM-1')]);
    expect(other.at('10:01').reports('GM-1', { leak: 99 }).last('begun').alert).toBe(alert);
    const ids = [
      alertId('leak', { type: 'device', id: 'GM-1' }, startedAt + 1),
      alertId('leak', { type: 'device', id: 'GM-2' }, startedAt),
      alertId('leak2', { type: 'device', id: 'GM-1' }, startedAt),
      alertId('leak', { type: 'parent', id: 'GM-1' }, startedAt),
    ];
    expect(new Set([alert, ...ids]).size).toBe(5);
  });
});

describe('a change of the rulebook', () => {
  it('closes the alerts of rules that are gone, and leaves the others alone', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK + SILENT, [gasMeter('GM-1'), gasMeter('GM-2')]);
    town.at('10:01').reports('GM-1', { leak: 30 }).at('10:20').rulebook(SILENT);
    expect(town.story().slice(-2)).toEqual([
      '10:11:00 fired silent GM-1 (silence)',
      '10:20:00 closed leak GM-1 (rule-removed)',
    ]);
    town.reports('GM-1', { leak: 60 }).at('10:21');
    expect(town.story('leak').length).toBe(3);
  });

  it('ends without a word what was only pending', () => {
    const slow = LEAK.replace('severity', 'for: 1h, severity');
    const town = new Timeline('2026-11-22T10:00', slow, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    expect(town.rulebook('[]').story().at(-1)).toBe('10:01:00 vanished leak GM-1 (rule-removed)');
  });

  it('leaves alone what a checkpoint holds by a book that does not compile any more', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    town.engine.adopt('a book of an older Townpulse');
    expect(town.rulebook(LEAK).story('leak').at(-1)).toBe('10:01:00 fired leak GM-1 (at-once)');
  });

  it('takes a rule that judges in another way, under an old name, for another rule', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    town.rulebook(SILENT.replace('id: silent', 'id: leak'));
    expect(town.story().at(-1)).toBe('10:01:00 closed leak GM-1 (rule-removed)');
  });

  it('that takes a rule away and brings it back makes another alert of what goes on', () => {
    const town = new Timeline('2026-11-22T10:00', SILENT, [gasMeter('GM-1')]).at('10:20').rulebook('[]').at('10:30');
    town.rulebook(SILENT).at('10:31');
    expect(town.story().slice(2)).toEqual([
      '10:20:00 closed silent GM-1 (rule-removed)',
      '10:30:00 begun silent GM-1 (silence)',
      '10:30:00 fired silent GM-1 (silence)',
    ]);
    expect(new Set(town.found.map(({ alert }) => alert)).size).toBe(2);
  });

  it('that takes a rule away and brings it back knows nothing by it until the next sample', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    town.rulebook('[]').rulebook(LEAK).at('10:02');
    expect(town.verdict('leak', 'GM-1')).toBe('unknown: no-sample');
    town.reports('GM-1', { leak: 0 }).at('10:03');
    expect(town.verdict('leak', 'GM-1')).toBe('ok');
  });

  it('keeps an open alert of a rule whose figures changed, and judges it by the new ones', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    town.rulebook(LEAK.replace('leak < 20', 'leak < 10')).at('10:02').reports('GM-1', { leak: 15 });
    expect(town.story().at(-1)).toContain('fired');
    town.at('10:03').reports('GM-1', { leak: 9 });
    expect(town.story().at(-1)).toBe('10:03:00 resolved leak GM-1 (cleared)');
  });

  it('goes on waiting where a rule only has another name, severity or owner', () => {
    const slow = LEAK.replace('severity', 'for: 1h, severity');
    const town = new Timeline('2026-11-22T10:00', slow, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    town
      .at('10:30')
      .rulebook(slow.replace('en: Leak', 'en: Gas').replace('major', 'critical, basis: a, inhibitedBy: []'));
    expect(town.at('11:02').story().at(-1)).toBe('11:01:00 fired leak GM-1 (held)');
    expect(town.verdict('leak', 'GM-1')).toBe('breach');
  });

  describe('tells what is still pending in the words of now:', () => {
    const slow = LEAK.replace('severity', 'for: 1h, severity');
    const reworded = (from: string, to: string) => {
      const town = new Timeline('2026-11-22T10:00', from, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 60 });
      return town.at('10:30').rulebook(to);
    };

    it('its name, severity and bureau, before it fires', () => {
      const to = slow.replace('en: Leak', 'en: Gas').replace('major', 'critical, organisation: police');
      const town = reworded(slow, to).at('11:02');
      expect(town.story().map((line) => line.slice(0, 14))).toEqual([
        '10:01:00 begun',
        '10:30:00 rewor',
        '11:01:00 fired',
      ]);
      const { title, severity, organisation } = town.last('reworded');
      expect([title.en, severity, organisation]).toEqual([
        town.last('begun').title.en.replace('Leak', 'Gas'),
        'critical',
        'police',
      ]);
      // The bureau of the device again, where the rule names none any more.
      const back = reworded(to, slow).last('reworded');
      expect([back.severity, back.organisation]).toEqual(['major', town.last('begun').organisation]);
    });

    it('not where only its basis or its place is another, and not once it fired', () => {
      expect(reworded(slow, slow.replace('severity', 'basis: a, severity')).story()).toHaveLength(1);
      expect(reworded(LEAK, LEAK.replace('major', 'critical')).story()).toHaveLength(2);
    });

    it('as grave as the step of the ladder that it stands on, where that is graver', () => {
      const steep = slow.replace('severity: major', 'severity: minor, ladder: [{ when: leak >= 50, severity: major }]');
      expect(reworded(steep, steep.replace('minor', 'info')).last('reworded').severity).toBe('major');
      expect(
        reworded(steep.replace('minor', 'info'), steep.replace('en: Leak', 'en: Gas')).last('reworded').severity,
      ).toBe('major');
    });
  });

  it('begins anew where a rule judges otherwise: nobody has waited for that, and nothing is known by it', () => {
    const slow = LEAK.replace('severity', 'for: 1h, severity');
    const town = new Timeline('2026-11-22T10:00', slow, [gasMeter('GM-1'), gasMeter('GM-2')]).at('10:01');
    town.reports('GM-1', { leak: 30 }).reports('GM-2', { leak: 3 }).at('10:30');
    town.rulebook(slow.replace('leak >= 25', 'leak >= 21'));
    expect(town.story().at(-1)).toBe('10:30:00 vanished leak GM-1 (rule-changed)');
    expect(town.at('10:31').verdict('leak', 'GM-2')).toBe('unknown: no-sample');
    expect(town.reports('GM-1', { leak: 22 }).at('11:31:05').story().slice(-2)).toEqual([
      '10:31:00 begun leak GM-1 (condition)',
      '11:31:00 fired leak GM-1 (held)',
    ]);
  });

  it('lets go a subject that the rule does not name any more', () => {
    const town = new Timeline('2026-11-22T10:00', FEEDER, [concentrator('LC-1')])
      .at('10:01')
      .reports('LC-1', { voltage: 0 });
    town.rulebook(FEEDER.replace('parent', 'device')).at('10:02').reports('LC-1', { voltage: 0 });
    expect(town.story().slice(-3)).toEqual([
      '10:01:00 closed feeder F-1 (not-judged)',
      '10:02:00 begun feeder LC-1 (condition)',
      '10:02:00 fired feeder LC-1 (at-once)',
    ]);
  });
});

describe('a change of a device', () => {
  it('that retires it closes its alerts, pending ones without a word, and judges it no more', () => {
    const slow = SILENT.replace('severity', 'for: 1h, severity');
    const town = new Timeline('2026-11-22T10:00', LEAK + slow, [gasMeter('GM-1')])
      .at('10:01')
      .reports('GM-1', { leak: 30 });
    town.at('10:30').retires('GM-1');
    expect(town.story().slice(-2)).toEqual([
      '10:30:00 closed leak GM-1 (retired)',
      '10:30:00 vanished silent GM-1 (retired)',
    ]);
    town.reports('GM-1', { leak: 99 }).at('12:00');
    expect(town.story().at(-1)).toContain('10:30:00');
  });

  it('that retires it leaves it out of what others speak for', () => {
    const lamps = [concentrator('LC-1'), concentrator('LC-2'), concentrator('LC-3')];
    const town = new Timeline('2026-11-22T10:00', FEEDER, lamps).retires('LC-2').at('10:01');
    town.reports('LC-1', { voltage: 0 });
    expect(town.last('fired')).toMatchObject({ children: ['LC-3'], values: { lamps: 20 } });
  });

  it("that takes it off a feeder leaves that feeder's alert to the others there", () => {
    const town = new Timeline('2026-11-22T10:00', FEEDER, [concentrator('LC-1'), concentrator('LC-2')]);
    town.at('10:01').reports('LC-1', { voltage: 0 }).reports('LC-2', { voltage: 0 });
    town.at('10:02').changes('LC-1', { parent: 'F-2' });
    expect(town.story().at(-1)).toBe('10:01:00 fired feeder F-1 (at-once)');
    town.at('10:03').reports('LC-2', { voltage: 230 });
    expect(town.story().at(-1)).toBe('10:03:00 resolved feeder F-1 (cleared)');
  });

  it("that moves the last one closes that feeder's alert; the next bad sample is the new feeder`s", () => {
    const town = new Timeline('2026-11-22T10:00', FEEDER, [concentrator('LC-1')])
      .at('10:01')
      .reports('LC-1', { voltage: 0 });
    town.at('10:02').changes('LC-1', { parent: 'F-2' }).at('10:03').reports('LC-1', { voltage: 0 });
    expect(town.story().slice(2)).toEqual([
      '10:02:00 closed feeder F-1 (not-judged)',
      '10:03:00 begun feeder F-2 (condition)',
      '10:03:00 fired feeder F-2 (at-once)',
    ]);
  });

  it("that makes another rule's device of it closes what it is not judged for any more", () => {
    const always = FEEDER.replace('when', 'power: always, when');
    const town = new Timeline('2026-11-22T10:00', always, [concentrator('LC-1')])
      .at('10:01')
      .reports('LC-1', { voltage: 0 });
    expect(town.changes('LC-1', { power: 'switched' }).story().at(-1)).toBe('10:01:00 closed feeder F-1 (not-judged)');
  });

  it('of its limits counts from the next sample on', () => {
    const rule = `
- { id: low, type: threshold, kind: water-pressure, name: { zh: 低, en: Low }, when: pressure < attributes.minPressure, severity: major }
`;
    const town = new Timeline('2026-11-22T10:00', rule, [pressurePoint('WP-1')])
      .at('10:01')
      .reports('WP-1', { pressure: 0.2 });
    town.changes('WP-1', { attributes: { minPressure: 0.25 } }).at('10:10');
    expect(town.story()).toEqual([]);
    town.reports('WP-1', { pressure: 0.2 });
    expect(town.story().at(-1)).toBe('10:10:00 fired low WP-1 (at-once)');
  });
});

describe('what the engine does not know', () => {
  it('is passed over: a device that was never registered', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]);
    const stranger = {
      type: 'sample',
      at: 0,
      offset: 99,
      sample: { device: 'GM-9', kind: 'gas-meter', ts: 0, values: { leak: 99 } },
    };
    town.engine.feed(stranger as JournalRecord);
    expect(town.story()).toEqual([]);
  });

  it('is a rulebook that cannot be read any more: then no rule is in force', () => {
    const town = new Timeline('2026-11-22T10:00', LEAK, [gasMeter('GM-1')]).at('10:01').reports('GM-1', { leak: 30 });
    const change = { what: 'rulebook' as const, text: LEAK.replace('leak >=', 'leek >='), version: '' };
    town.engine.feed({ type: 'change', change, by: 'test', at: town.last('fired').at + 1_000, offset: 99 });
    expect([town.story().at(-1), town.engine.book.rules]).toEqual(['10:01:01 closed leak GM-1 (rule-removed)', []]);
  });
});
