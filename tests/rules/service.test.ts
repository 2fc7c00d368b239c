import { describe, expect, it } from 'vitest';
import type { Transition } from '../../src/model/transition.ts';
import { Checkpoint } from '../../src/rules/checkpoint.ts';
import { Engine } from '../../src/rules/engine.ts';
import { readRulebook } from '../../src/rules/rulebook.ts';
import { Standing } from '../../src/rules/standing.ts';
import { temporaryStore } from '../support/temporary.ts';
import { Timeline } from './support/timeline.ts';
import { KINDS, pressurePoint } from './support/town.ts';

const LAG = `
- id: history-lag
  type: threshold
  kind: service
  name: { zh: 历史库滞后, en: History lags }
  when: historyLag > 300
  clear: historyLag < 60
  for: 60s
  severity: major
  organisation: operator
`;
const LETTERS = `
- { id: letters, type: threshold, kind: service, name: { zh: 死信, en: Letters }, when: lettersPurged > 0, severity: minor, organisation: operator }
`;

/** A history that falls behind for ten minutes, half clears, and catches up; and one that is behind for half a minute only. */
function outage() {
  return new Timeline('2026-11-22T10:00', LAG, [pressurePoint('WP-1')])
    .serviceTells({})
    .at('10:01')
    .serviceTells({ historyLag: 301, backlog: 7 })
    .at('10:01:30')
    .serviceTells({ historyLag: 20 })
    .at('10:05')
    .serviceTells({ historyLag: 400, backlog: 12 })
    .at('10:15')
    .serviceTells({ historyLag: 200 })
    .at('10:20')
    .serviceTells({ historyLag: 59 })
    .at('10:21');
}
const STORY = [
  '10:01:00 begun history-lag townpulse (condition)',
  '10:01:30 vanished history-lag townpulse (cleared)',
  '10:05:00 begun history-lag townpulse (condition)',
  '10:06:00 fired history-lag townpulse (held)',
  '10:20:00 resolved history-lag townpulse (cleared)',
];

describe('a rule about the service itself', () => {
  it('is one alert while what the ticks tell holds, and over when it has cleared', () => {
    expect(outage().story()).toEqual(STORY);
  });

  it('is about the service, to whom the rule says, on the figures that its condition asks for', () => {
    const town = outage();
    expect(town.found.findLast(({ step }) => step === 'begun')).toMatchObject({
      subject: { type: 'service', id: 'townpulse' },
      organisation: 'operator',
      title: { zh: '镇脉服务：历史库滞后', en: 'Townpulse: History lags' },
    });
    expect(town.last('fired')).toMatchObject({ values: { historyLag: 400 }, evidence: [], children: [] });
    expect(town.last('resolved')).toMatchObject({ values: { historyLag: 59 }, verdict: 'ok' });
  });

  it('is found again, step by step, by an engine that reads the same journal', () => {
    const { records, found } = outage();
    const again: Transition[] = [];
    const engine = new Engine(KINDS, (transition) => again.push(transition));
    for (const record of records) engine.feed(record);
    expect(again).toEqual(found);
  });

  it('goes on after a restart at any tick where it was', async () => {
    const { records, found } = outage();
    for (const stop of [5, 17, 80, 200]) {
      const store = await temporaryStore();
      const again: Transition[] = [];
      const tell = (transition: Transition) => void again.push(transition);
      const [before, after] = [new Engine(KINDS, tell), new Engine(KINDS, tell)];
      for (const record of records.slice(0, stop)) before.feed(record);
      await store.transaction(() => new Checkpoint(store).save(before, stop + 1));
      expect(new Checkpoint(store).load(after)).toBe(stop + 1);
      const standing = (engine: Engine) => new Standing(engine, new Checkpoint(store)).overview();
      expect(standing(after), `stopped after ${stop}`).toEqual(standing(before));
      for (const record of records.slice(stop)) after.feed(record);
      expect(again, `stopped after ${stop}`).toEqual(found);
    }
  });

  it('says nothing and ends nothing where ticks do not tell of the service', () => {
    const town = new Timeline('2026-11-22T10:00', LAG, []).at('10:30');
    expect(town.story()).toEqual([]);
    town.serviceTells({ historyLag: 400 }).at('10:40').serviceTells(null).at('12:00');
    expect(town.story().map((line) => line.split(' ')[1])).toEqual(['begun', 'fired']);
    expect(town.serviceTells({}).at('12:01').story().at(-1)).toBe('12:00:00 resolved history-lag townpulse (cleared)');
  });

  it('stands in the overview as any rule, and troubles no device', async () => {
    const town = outage().serviceTells({ historyLag: 500 }).at('10:30');
    const standing = new Standing(town.engine, new Checkpoint(await temporaryStore()));
    expect(standing.overview()).toMatchObject([
      { id: 'history-lag', kind: 'service', verdicts: { breach: 1, ok: 0 }, worst: [{ subject: { type: 'service' } }] },
    ]);
    expect(standing.verdictOf('WP-1')).toBe('idle');
  });

  it('is closed with its rule', () => {
    const town = new Timeline('2026-11-22T10:00', LETTERS, []).serviceTells({ lettersPurged: 3 }).at('10:01');
    expect(town.rulebook('[]').story()).toEqual([
      '10:00:00 begun letters townpulse (condition)',
      '10:00:00 fired letters townpulse (at-once)',
      '10:01:00 closed letters townpulse (rule-removed)',
    ]);
  });

  it.each([
    ['historyLag > 300', 'historyLagg > 300', 'service has no field historyLagg (did you mean historyLag?)'],
    ['kind: service', 'kind: servise', 'there is no kind servise (did you mean service?)'],
    ['type: threshold', 'type: silence', 'the service itself is judged by thresholds alone'],
    ['  severity', '  subject: parent\n  severity', 'the service itself hangs from no node'],
    ['  organisation: operator\n', '', 'a rule about the service says whose alert it is: organisation: …'],
  ])('with %j as %j is refused: %s', (from, to, words) => {
    const read = readRulebook(LAG.replace(from, to), 'rules.yaml', { kinds: KINDS });
    expect(read.ok ? [] : read.problems.map(({ message }) => message)).toContain(words);
  });
});
