import { describe, expect, it } from 'vitest';
import { readRulebook } from '../../src/rules/rulebook.ts';
import { standingOf } from './support/standing.ts';
import { Timeline } from './support/timeline.ts';
import { concentrator, KINDS, lampController } from './support/town.ts';

const DOOR = `
- { id: door, type: threshold, kind: lighting-controller, name: { zh: 门, en: Door }, when: doorOpen, for: 10m, severity: minor }
- { id: relay, type: threshold, kind: lighting-controller, name: { zh: 器, en: Relay }, when: relayFault, severity: minor }
`;
const INTACT = `
- id: intact
  type: intact
  kind: lighting-controller
  name: { zh: 完好, en: Intact }
  impairedBy: [door, relay]
  groupBy: [town, village, road]
  target: 0.7
  for: 30m
  severity: minor
  organisation: urban-management
`;
const WELL = { doorOpen: false, relayFault: false };
const DEVICES = ['LC-1', 'LC-2', 'LC-3'].map((id) => concentrator(id));
const ELSEWHERE = concentrator('LC-4', { area: 'park', road: 'lane' });

/** From 20:00 on; all of them keep saying that they are well. */
function townOf(devices = [...DEVICES, ELSEWHERE], rules = DOOR + INTACT, from = '2026-11-22T20:00') {
  const town = new Timeline(from, rules, devices);
  for (const { id } of devices) town.keepsReporting(id, WELL);
  return town;
}

async function nowOf(town: Timeline, group: 'town' | 'village' | 'road', id: string) {
  return (await standingOf(town)).facilitiesNow(group).find((one) => one.id === id);
}

describe('facilities intact', () => {
  it('are those in service that no rule has an open alert on, per town, village and road', async () => {
    const town = townOf()
      .at('20:10')
      .keepsReporting('LC-1', { ...WELL, doorOpen: true });
    town.keepsReporting('LC-4', { ...WELL, relayFault: true }).at('20:18');
    // The door has been open for eight minutes only: that is no alert yet.
    expect(await nowOf(town, 'village', 'centre')).toMatchObject({
      inService: 3,
      intact: 3,
      impaired: 0,
      low: 1,
      high: 1,
    });
    expect(await nowOf(town, 'village', 'park')).toMatchObject({ inService: 1, impaired: 1, impairedBy: { relay: 1 } });
    town.at('20:30').keepsReporting('LC-1', { relayFault: true, doorOpen: true }).at('20:35');
    expect(await nowOf(town, 'town', 'lailong')).toEqual({
      ...{ rule: 'intact', kind: 'lighting-controller', group: 'town', id: 'lailong' },
      name: { zh: 'Lailong', en: 'Lailong' },
      ...{ inService: 4, intact: 2, impaired: 2, unknown: 0, maintained: 0 },
      ...{ low: 0.5, high: 0.5, reported: 0.5, coverage: 1, target: 0.7, verdict: 'breach', reason: null },
      // A facility that two rules hold something against is one.
      ...{ impairedBy: { door: 1, relay: 2 }, at: '2026-11-22T12:34:55.000Z' },
    });
    expect(await nowOf(town, 'road', 'avenue')).toMatchObject({ inService: 3, intact: 2, verdict: 'breach' });
    expect((await standingOf(town)).facilitiesNow('road').map(({ id }) => id)).toEqual(['avenue', 'lane']);
  });

  it('are unknown while silent, and what is held against a silent one stands', async () => {
    const town = townOf(DEVICES)
      .at('20:10')
      .keepsReporting('LC-1', { ...WELL, relayFault: true })
      .at('20:20');
    town.fallsSilent('LC-1').fallsSilent('LC-2').at('20:29');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({ intact: 2, impaired: 1, unknown: 0 });
    town.at('20:40');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({
      ...{ inService: 3, intact: 1, impaired: 1, unknown: 1, reported: 0.5 },
      ...{ low: 1 / 3, high: 2 / 3, coverage: 2 / 3, verdict: 'breach' },
    });
    const new1 = townOf([...DEVICES, concentrator('LC-9')])
      .fallsSilent('LC-9')
      .fallsSilent('LC-1')
      .at('20:40');
    expect(await nowOf(new1, 'town', 'lailong')).toMatchObject({
      low: 0.5,
      high: 1,
      verdict: 'unknown',
      reason: 'coverage',
    });
  });

  it('are not counted out of service, before they are commissioned, and while they are worked on', async () => {
    const auto = concentrator('LC-5', { inService: 'auto' });
    const town = new Timeline('2026-11-22T20:00', DOOR + INTACT, [...DEVICES, auto]);
    for (const { id } of DEVICES) town.keepsReporting(id, WELL);
    town.keepsReporting('LC-1', { ...WELL, relayFault: true }).at('20:10');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({ inService: 3, impaired: 1 });
    town.maintains({ type: 'device', id: 'LC-1' }, '50m').at('20:20');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({ inService: 2, impaired: 0, maintained: 1, low: 1 });
    town.retires('LC-2').at('20:30');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({ inService: 1, intact: 1, maintained: 1 });
  });

  it('stand by day as the night left them where their supply is switched', async () => {
    const lamp = lampController('L-1', { gateway: null });
    const town = townOf([lamp], DOOR + INTACT, '2026-11-22T20:00')
      .at('21:00')
      .fallsSilent('L-1')
      .at('21:30');
    expect(await nowOf(town, 'town', 'lailong')).toMatchObject({ unknown: 1 });
    const night = townOf([lamp], DOOR + INTACT, '2026-11-23T06:00')
      .at('06:44')
      .fallsSilent('L-1')
      .at('12:00');
    expect(await nowOf(night, 'town', 'lailong')).toMatchObject({ intact: 1, unknown: 0 });
    night.at('17:20');
    expect(await nowOf(night, 'town', 'lailong')).toMatchObject({ intact: 1, unknown: 0 });
    night.at('18:10');
    expect(await nowOf(night, 'town', 'lailong')).toMatchObject({ intact: 0, unknown: 1 });
  });

  it('raise an alert of the group once they have been too few for as long as the rule asks; neither silence nor work ends it', () => {
    const town = townOf(DEVICES)
      .at('20:10')
      .keepsReporting('LC-1', { ...WELL, relayFault: true })
      .at('20:45');
    const told = () => town.found.filter((one) => 'rule' in one === false || one.rule === 'intact');
    const steps = () => {
      const begun = town.found.flatMap((one) => (one.step === 'begun' && one.rule === 'intact' ? [one] : []));
      const own = new Map(begun.map((one) => [one.alert, one.subject.id]));
      return told().flatMap(({ alert, step }) => (own.has(alert) ? [`${step} ${own.get(alert)}`] : []));
    };
    const three = ['lailong', 'centre', 'avenue'];
    expect(steps()).toEqual([...three.map((id) => `begun ${id}`), ...three.map((id) => `fired ${id}`)]);
    // Of the other two both are intact while it is worked on.
    town.maintains({ type: 'device', id: 'LC-1' }, '30m').at('21:10');
    expect(steps()).toHaveLength(6);
    town.at('21:20').fallsSilent('LC-1').fallsSilent('LC-2').at('21:50');
    expect(steps()).toHaveLength(6);
    town.keepsReporting('LC-1', WELL).keepsReporting('LC-2', WELL).at('22:10');
    expect(steps().slice(6)).toEqual(three.map((id) => `resolved ${id}`));
    const begun = town.found.find((one) => one.step === 'begun' && one.rule === 'intact');
    expect(begun).toMatchObject({ subject: { type: 'town', id: 'lailong' }, organisation: 'urban-management' });
    expect(begun).toMatchObject({ values: { inService: 3, impaired: 1, relay: 1 } });
  });

  it('are explained by their figures and by who is unknown', async () => {
    const town = townOf(DEVICES)
      .at('20:10')
      .keepsReporting('LC-1', { ...WELL, relayFault: true });
    town.fallsSilent('LC-2').at('20:40');
    const why = (await standingOf(town)).why({
      newest: () => undefined,
      alerts: { list: () => [], get: () => undefined },
    });
    const account = why.account('intact', 'lailong');
    expect(account).toMatchObject({ verdict: 'breach', expected: { inService: 3, impaired: 1, unknown: 1, relay: 1 } });
    expect(account.exclusions).toMatchObject([{ device: 'LC-2', reason: 'silent' }]);
    expect(account.sentences.en.join(' ')).toContain('impaired');
  });

  it.each([
    ['impairedBy: [dor]', 'there is no rule dor (did you mean door?)'],
    ['impairedBy: [leak]', 'leak is no rule over devices of the kind lighting-controller'],
    ['impairedBy: [intact]', 'intact is no rule over devices of the kind lighting-controller'],
    ['impairedBy: [door], clear: 0.5', 'what ends a low share lies at the target or above it'],
    ['impairedBy: [door], inhibitedBy: [door]', 'held back by no other alert'],
  ])('is refused with a word: %s', (text, message) => {
    const rule = `- { id: intact, type: intact, kind: lighting-controller, name: { zh: 完, en: Intact }, ${text}, groupBy: [town], target: 0.9, severity: minor }`;
    const leak = `- { id: leak, type: threshold, kind: gas-meter, name: { zh: 漏, en: Leak }, when: leak > 1.0, severity: minor }`;
    const read = readRulebook(`${DOOR}${leak}\n${rule}\n`, 'rules.yaml', { kinds: KINDS });
    expect(read.ok ? [] : read.problems.map((problem) => problem.message).join()).toContain(message);
  });
});
