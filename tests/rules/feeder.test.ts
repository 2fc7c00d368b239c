import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/kernel/package-root.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator, lampController } from './support/town.ts';

/** The rules of the sample town. */
const SHIPPED = readFileSync(join(packageRoot, 'seeds/lailong/rules.yaml'), 'utf8');
/** Two things that a lamp says of itself: one at once, one after ten minutes. */
const LAMPS = `
- { id: feeder-supply, type: threshold, kind: lighting-controller, name: { zh: 停, en: Feeder outage }, power: always, when: voltage < 50, subject: parent, severity: critical }
- { id: lamp-fault, type: threshold, kind: lighting-controller, name: { zh: 坏, en: Fault }, power: switched, when: lampFault, severity: info, inhibitedBy: [feeder-supply] }
- { id: lamp-dark, type: threshold, kind: lighting-controller, name: { zh: 灭, en: Dark }, power: switched, when: lampsLit < 1, for: 10m, severity: info, inhibitedBy: [feeder-supply] }
`;
const LAMP_IDS = Array.from({ length: 40 }, (_, index) => `L-${String(index + 1).padStart(2, '0')}`);
const LOST = ['L-07', 'L-20', 'L-33'];
const LIT = { lampsLit: 1, lampsTotal: 1, voltage: 230, lampFault: false };
const DARK = { lampsLit: 0, lampsTotal: 1, voltage: 230, lampFault: true };

/** A feeder with its concentrator and forty lamps that all burn, dead from 20:30 on. */
function deadFeeder(rules: string): Timeline {
  const pillar = concentrator('LC-1', { attributes: { lamps: 0 } });
  const town = new Timeline('2026-11-22T20:00', rules, [pillar, ...LAMP_IDS.map((id) => lampController(id))]);
  for (const id of LAMP_IDS) town.keepsReporting(id, LIT);
  town.keepsReporting('LC-1', { voltage: 230 }).at('20:30').keepsReporting('LC-1', { voltage: 0 });
  return town.fallsSilent(...LAMP_IDS);
}

describe('a dead feeder', () => {
  it('is one alert with its lamps listed; back again, the three lamps that do not come back speak, each once', () => {
    const town = deadFeeder(SHIPPED).at('22:00');
    const ofLamps = () =>
      town
        .story('feeder-supply', 'lamp-controller-silent', 'dark-block', 'dark-run')
        .filter((line) => / fired /.test(line));
    expect(ofLamps()).toEqual(['20:31:00 fired feeder-supply F-1 (held)']);
    const begun = town.found.find((one) => one.step === 'begun' && one.rule === 'feeder-supply');
    const holder = begun?.alert;
    const fired = town.found.find(({ step, alert }) => step === 'fired' && alert === holder);
    expect(fired).toMatchObject({ values: { voltage: 0, lamps: 40 }, children: LAMP_IDS });
    // Every lamp waits, held back by that alert.
    const held = town.found.filter((one) => one.step === 'held' && one.by === holder);
    expect(held.length).toBeGreaterThanOrEqual(40);
    expect(town.story('lamp-controller-silent').filter((line) => / held .*inhibited/.test(line))).toHaveLength(40);

    town.keepsReporting('LC-1', { voltage: 230 });
    for (const id of LAMP_IDS) if (!LOST.includes(id)) town.keepsReporting(id, LIT);
    town.at('23:59');
    expect(ofLamps().slice(1)).toEqual(
      LOST.map((id) => expect.stringMatching(`^22:15:0\\d fired lamp-controller-silent ${id} `)),
    );
    const ended = town.story('lamp-controller-silent').filter((line) => / vanished | resolved /.test(line));
    expect(ended).toHaveLength(40 - LOST.length);
    for (const line of ended) expect(line).toMatch(/ vanished .* \(heard\)$/);
    expect(town.story('feeder-supply').at(-1)).toBe('22:00:00 resolved feeder-supply F-1 (cleared)');
  });

  it('back again, the three lamps that report and stay dark speak, each once, after half an hour', () => {
    const town = deadFeeder(SHIPPED).at('22:00').keepsReporting('LC-1', { voltage: 230 });
    for (const id of LAMP_IDS) town.keepsReporting(id, LOST.includes(id) ? { ...DARK, lampFault: false } : LIT);
    town.at('23:59');
    expect(town.story('dark-lamp').filter((line) => / (fired|resolved|closed) /.test(line))).toEqual(
      LOST.map((id) => expect.stringMatching(`^22:[34]\\d:\\d\\d fired dark-lamp ${id} `)),
    );
  });

  it('back again, a lamp that is found dark has all of `for` from then on: what it said before is no word against it', () => {
    const town = deadFeeder(LAMPS);
    // By their batteries the lamps tell of the darkness.
    for (const id of LAMP_IDS) town.keepsReporting(id, { ...DARK, lampFault: false });
    town.at('22:00').keepsReporting('LC-1', { voltage: 230 });
    // All are dark still when they are asked first, and then all but three come on.
    for (const id of LAMP_IDS) town.reports(id, { ...DARK, lampFault: false });
    town.at('22:02');
    for (const id of LAMP_IDS) town.keepsReporting(id, { ...(LOST.includes(id) ? DARK : LIT), lampFault: false });
    town.at('23:00');
    expect(town.story('lamp-dark').filter((line) => / fired /.test(line))).toEqual(
      LOST.map((id) => expect.stringMatching(`^22:1[0-2]:\\d\\d fired lamp-dark ${id} `)),
    );
  });

  it('back again, a lamp speaks at once where it says so itself, and not for what it said while its feeder was dead', () => {
    const town = deadFeeder(LAMPS);
    for (const id of LAMP_IDS) town.keepsReporting(id, { lampFault: true });
    town.at('22:00').keepsReporting('LC-1', { voltage: 230 });
    for (const id of LAMP_IDS) town.fallsSilent(id);
    town.at('22:01');
    expect(town.story('lamp-fault').filter((line) => / fired /.test(line))).toEqual([]);
    for (const id of LAMP_IDS) town.keepsReporting(id, { lampFault: LOST.includes(id) });
    town.at('23:00');
    expect(town.story('lamp-fault').filter((line) => / fired /.test(line))).toEqual(
      LOST.map((id) => `22:01:00 fired lamp-fault ${id} (at-once)`),
    );
  });

  it('back again, a lamp that says nothing more speaks for what it said last, once it has had its interval to take that back', () => {
    const town = deadFeeder(LAMPS)
      .at('21:58')
      .reports('L-07', { lampFault: true })
      .at('22:00')
      .keepsReporting('LC-1', { voltage: 230 });
    town.at('23:00');
    expect(town.story('lamp-fault').filter((line) => / fired /.test(line))).toEqual([
      expect.stringMatching(/^22:05:0\d fired lamp-fault L-07 /),
    ]);
  });

  it('back again, a lamp whose word came late has that interval as well', () => {
    const town = deadFeeder(LAMPS)
      .at('21:58')
      .reports('L-07', { lampFault: true }, { measured: '21:50' })
      .at('22:00')
      .keepsReporting('LC-1', { voltage: 230 });
    town.at('23:00');
    expect(town.story('lamp-fault').filter((line) => / fired /.test(line))).toEqual([
      expect.stringMatching(/^22:05:0\d fired lamp-fault L-07 /),
    ]);
  });
});
