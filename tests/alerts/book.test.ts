import { describe, expect, it } from 'vitest';
import { AlertBook, type AlertFilter } from '../../src/alerts/book.ts';
import type { Store } from '../../src/kernel/store.ts';
import { Alert, AlertMove, type News, type Severity } from '../../src/model/alert.ts';
import type { Finding, Transition } from '../../src/model/transition.ts';
import { temporaryFolder, temporaryStore } from '../support/temporary.ts';

const AT = Date.UTC(2026, 10, 22, 12);
const minute = (minutes: number) => AT + minutes * 60_000;
const time = (minutes: number) => new Date(minute(minutes)).toISOString();

function finding(verdict: Finding['verdict'], pressure: number): Finding {
  return { verdict, values: { pressure }, evidence: [{ device: 'WP-1', ts: time(0), values: { pressure } }] };
}

type Begun = Extract<Transition, { step: 'begun' }>;

function begun(alert: string, more: Partial<Begun> = {}): Begun {
  return {
    ...{ alert, step: 'begun', at: minute(1), reason: 'condition', rule: 'low-pressure', ruleVersion: 'sha256:1' },
    ...{ subject: { type: 'device', id: 'WP-1' }, title: { zh: '低', en: 'Low' }, severity: 'major' },
    ...{ organisation: 'water-company', assignee: null, startedAt: minute(0), receivedAt: minute(1) },
    ...finding('breach', 0.1),
    ...more,
  };
}
const fired = (alert: string, reason = 'held'): Transition => ({
  ...{ alert, step: 'fired', at: minute(11), reason, firedAt: minute(10), children: ['WP-2'] },
  ...finding('breach', 0.09),
});
const resolved = (alert: string, reason = 'cleared'): Transition => ({
  ...{ alert, step: 'resolved', at: minute(21), reason, resolvedAt: minute(20), quiet: reason === 'late' },
  ...finding('ok', 0.2),
});
const graded = (alert: string, severity: Severity, pressure = 0.05): Transition => ({
  ...{ alert, step: 'graded', at: minute(15), reason: 'worse', severity },
  ...finding('breach', pressure),
});
const held = (alert: string, by: string | null): Transition => {
  return { alert, step: 'held', at: minute(5), reason: by === null ? 'released' : 'inhibited', by };
};
const vanished = (alert: string): Transition => ({ alert, step: 'vanished', at: minute(6), reason: 'cleared' });
const closed = (alert: string): Transition => ({ alert, step: 'closed', at: minute(30), reason: 'rule-removed' });

async function book(given?: Store) {
  const store = given ?? (await temporaryStore());
  const it = new AlertBook(store);
  const take = async (...transitions: Transition[]): Promise<string[]> => {
    const news: News[] = await store.transaction(() => it.take(transitions));
    return news.map(({ alert, event }) => `${event} ${alert.id}`);
  };
  const list = (filter: Partial<AlertFilter> = {}) => it.list({ limit: 100, ...filter }).map(({ id }) => id);
  return { store, it, take, list };
}

describe('the life of an alert', () => {
  it('begins as pending, and nobody is told yet', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'))).toEqual([]);
    expect(alerts.get('a')).toEqual({
      alert: {
        ...{ id: 'a', rule: 'low-pressure', ruleVersion: 'sha256:1', subject: { type: 'device', id: 'WP-1' } },
        ...{
          title: { zh: '低', en: 'Low' },
          severity: 'major',
          state: 'pending',
          reason: 'condition',
          verdict: 'breach',
        },
        ...{ organisation: 'water-company', assignee: null, startedAt: time(0), receivedAt: time(1), firedAt: null },
        ...{ decidedAt: time(1), resolvedAt: null, ...finding('breach', 0.1), children: [], inhibitedBy: null },
        ...{ repair: null, clearedValues: null, flapping: false },
      },
      history: [{ at: time(1), from: null, to: 'pending', reason: 'condition', by: 'rules' }],
    });
    expect(alerts.open()).toBe(0);
  });

  it('fires with what decided it, and somebody is to be told', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), fired('a'))).toEqual(['fired a']);
    expect(alerts.get('a')?.alert).toMatchObject({
      ...{ state: 'firing', reason: 'held', verdict: 'breach', values: { pressure: 0.09 }, children: ['WP-2'] },
      ...{ startedAt: time(0), firedAt: time(10), decidedAt: time(11) },
    });
    expect(alerts.get('a')?.history.at(-1)).toEqual({
      at: time(11),
      from: 'pending',
      to: 'firing',
      reason: 'held',
      by: 'rules',
    });
    expect(alerts.open()).toBe(1);
  });

  it('is resolved with its reason, and keeps the evidence of what was wrong beside that of its end', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), fired('a'), resolved('a'))).toEqual(['fired a', 'resolved a']);
    const entry = alerts.get('a');
    expect(entry?.alert).toMatchObject({
      ...{
        state: 'resolved',
        reason: 'cleared',
        verdict: 'ok',
        values: { pressure: 0.09 },
        clearedValues: { pressure: 0.2 },
        resolvedAt: time(20),
      },
      evidence: [{ values: { pressure: 0.09 } }, { values: { pressure: 0.2 } }],
    });
    expect(entry?.history.map(({ from, to, reason }) => `${from} ${to} ${reason}`)).toEqual([
      'null pending condition',
      'pending firing held',
      'firing resolved cleared',
    ]);
    expect(alerts.open()).toBe(0);
  });

  it('is raised to a graver severity as the same alert, and told then; not when it is less grave again', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), fired('a'), graded('a', 'critical'))).toEqual(['fired a', 'raised a']);
    expect(alerts.get('a')?.alert).toMatchObject({ severity: 'critical', state: 'firing', values: { pressure: 0.05 } });
    expect(await take(graded('a', 'major', 0.1))).toEqual([]);
    const { alert, history = [] } = alerts.get('a') ?? {};
    expect(alert).toMatchObject({ severity: 'major', values: { pressure: 0.05 } });
    expect(history.slice(-2).map(({ from, to, severity }) => [from, to, severity])).toEqual([
      ['firing', 'firing', { from: 'major', to: 'critical' }],
      ['firing', 'firing', { from: 'critical', to: 'major' }],
    ]);
    for (const move of history) expect(AlertMove.safeParse(move).success).toBe(true);
  });

  it('of those that come and go is told once as that, then at no turn, and once they do no more: whether it stands or is over', async () => {
    const { store, it: alerts } = await book();
    const news = async (...transitions: Transition[]) =>
      (await store.transaction(() => alerts.take(transitions))).map(({ event, suppressed }) => [event, suppressed]);
    const flapping = (alert: string, how: 'begins' | 'goes-on') => ({ ...fired(alert), flapping: how }) as Transition;
    const calmed = (alert: string): Transition => ({ alert, step: 'calmed', at: minute(40), reason: 'calm' });
    expect(await news(begun('a'), flapping('a', 'begins'), resolved('a'))).toEqual([
      ['flapping', undefined],
      ['resolved', 'flapping'],
    ]);
    expect(await news(begun('b', { startedAt: minute(30) }), flapping('b', 'goes-on'))).toEqual([
      ['fired', 'flapping'],
    ]);
    expect(alerts.get('b')?.alert.flapping).toBe(true);
    expect(await news(calmed('b'))).toEqual([['stands', undefined]]);
    expect(await news(calmed('a'))).toEqual([['calmed', undefined]]);
    expect([alerts.get('a')?.alert.flapping, alerts.get('b')?.alert.flapping]).toEqual([true, false]);
    expect(await news(resolved('b'))).toEqual([['resolved', undefined]]);
  });

  it('is as grave as it is when it fires: nobody hears of the severity before that', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), graded('a', 'critical'), fired('a'))).toEqual(['fired a']);
    expect(alerts.get('a')?.alert.severity).toBe('critical');
    expect(await take(resolved('a'), graded('a', 'info'))).toEqual(['resolved a']);
    expect(alerts.get('a')?.alert.severity).toBe('critical');
  });

  it('is known and told to nobody where it was over before it was heard of', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), fired('a', 'late'), resolved('a', 'late'))).toEqual([]);
    expect(alerts.get('a')?.alert).toMatchObject({ state: 'resolved', reason: 'late' });
  });

  it('is closed with its reason where its rule or device is no more', async () => {
    const { it: alerts, take } = await book();
    expect(await take(begun('a'), fired('a'), closed('a'))).toEqual(['fired a', 'closed a']);
    expect(alerts.get('a')?.alert).toMatchObject({
      state: 'closed',
      reason: 'rule-removed',
      verdict: 'breach',
      resolvedAt: null,
    });
  });

  it('never was where it vanished while it was pending', async () => {
    const { it: alerts, take, list } = await book();
    expect(await take(begun('a'), vanished('a'))).toEqual([]);
    expect([alerts.get('a'), list(), list({ states: ['pending'] })]).toEqual([undefined, [], []]);
    await take(begun('a'));
    expect(list()).toEqual(['a']);
  });

  it('is told in the words that its rule has when it fires; what fired keeps those that were told', async () => {
    const { it: alerts, take } = await book();
    const title = { zh: '更低', en: 'Lower' };
    const words = { step: 'reworded', at: minute(5), reason: 'reworded', title, severity: 'critical' } as const;
    const more = { organisation: 'police' };
    expect(await take(begun('a'), { alert: 'a', ...words, ...more }, fired('a'))).toEqual(['fired a']);
    expect(alerts.get('a')?.alert).toMatchObject({ title, severity: 'critical', organisation: 'police' });
    expect(alerts.get('a')?.history[1]).toMatchObject({
      reason: 'reworded',
      severity: { from: 'major', to: 'critical' },
    });
    expect(await take(begun('b'), fired('b'), { alert: 'b', ...words, ...more })).toEqual(['fired b']);
    expect(alerts.get('b')?.alert).toMatchObject({ severity: 'major', organisation: 'water-company' });
    await take(begun('c'), { alert: 'c', ...words });
    expect(alerts.get('c')?.alert.organisation).toBe('water-company');
  });

  it('says by which other alert it is held back, and fires without it', async () => {
    const { it: alerts, take } = await book();
    await take(begun('a'), held('a', 'b'));
    expect(alerts.get('a')?.alert).toMatchObject({ state: 'pending', inhibitedBy: 'b', reason: 'inhibited' });
    expect(await take(held('a', null), fired('a'))).toEqual(['fired a']);
    expect(alerts.get('a')?.alert.inhibitedBy).toBeNull();
    expect(alerts.get('a')?.history.map(({ reason }) => reason)).toEqual([
      'condition',
      'inhibited',
      'released',
      'held',
    ]);
  });

  it('is shown as the contract has it, at every step', async () => {
    const { it: alerts, take } = await book();
    for (const step of [begun('a'), held('a', 'b'), fired('a'), resolved('a')]) {
      await take(step);
      const entry = alerts.get('a');
      expect(Alert.parse(entry?.alert)).toEqual(entry?.alert);
      for (const move of entry?.history ?? []) expect(AlertMove.parse(move)).toEqual(move);
    }
  });
});

describe('a transition', () => {
  const LIFE = [begun('a'), held('a', 'b'), held('a', null), fired('a'), resolved('a')];

  it('changes nothing when it is taken a second time at once', async () => {
    const { it: alerts, take } = await book();
    for (const step of [begun('a'), fired('a'), resolved('a')]) {
      await take(step);
      const before = JSON.stringify(alerts.get('a'));
      expect(await take(step)).toEqual([]);
      expect(JSON.stringify(alerts.get('a'))).toBe(before);
    }
  });

  it('of a life that is over changes nothing, one by one or all together', async () => {
    const { it: alerts, take, list } = await book();
    await take(...LIFE);
    const before = JSON.stringify(alerts.get('a'));
    for (const step of [...LIFE, closed('a'), vanished('a')]) expect(await take(step)).toEqual([]);
    expect(await take(...LIFE)).toEqual([]);
    expect([JSON.stringify(alerts.get('a')), list()]).toEqual([before, ['a']]);
  });

  it('that the table does not allow changes nothing: resolved before it fired, held once it fired', async () => {
    const { it: alerts, take } = await book();
    await take(begun('a'));
    expect(await take(resolved('a'), closed('a'))).toEqual([]);
    expect(alerts.get('a')?.alert.state).toBe('pending');
    await take(fired('a'));
    expect(await take(held('a', 'b'), vanished('a'), fired('a'))).toEqual([]);
    expect(alerts.get('a')?.alert).toMatchObject({ state: 'firing', inhibitedBy: null });
  });

  it('of an alert that nobody knows changes nothing', async () => {
    const { take, list } = await book();
    expect(await take(fired('x'), resolved('x'), closed('x'), vanished('x'), held('x', 'y'))).toEqual([]);
    expect(list()).toEqual([]);
  });

  it('is undone with the transaction that it came in', async () => {
    const { store, it: alerts, take, list } = await book();
    await take(begun('a'));
    const failing = store.transaction(() => {
      alerts.take([fired('a'), begun('b')]);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect([alerts.get('a')?.alert.state, alerts.get('b'), list(), alerts.open()]).toEqual([
      'pending',
      undefined,
      ['a'],
      0,
    ]);
  });
});

describe('the list of alerts', () => {
  /** a to f: beginning at minutes 0 to 5, the first two in the same millisecond; b resolved, c closed, d pending. */
  async function six() {
    const made = await book();
    const water = { type: 'device', id: 'WP-1' } as const;
    const rows: [string, Partial<Begun>][] = [
      ['a', { startedAt: minute(0) }],
      ['b', { startedAt: minute(0), rule: 'high-pressure', severity: 'minor' }],
      ['c', { startedAt: minute(2), organisation: 'gas-company', subject: { type: 'device', id: 'GM-1' } }],
      ['d', { startedAt: minute(3) }],
      ['e', { startedAt: minute(4), severity: 'critical', subject: { type: 'parent', id: 'F-1' } }],
      ['f', { startedAt: minute(5), organisation: 'urban-management', subject: water }],
    ];
    for (const [id, more] of rows) await made.take(begun(id, more), ...(id === 'd' ? [] : [fired(id)]));
    await made.take(resolved('b'), closed('c'));
    return made;
  }

  it('is newest first: descending by beginning, then by id', async () => {
    const { list } = await six();
    expect(list()).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
  });

  it.each<[string, Partial<AlertFilter>, string[]]>([
    ['by state', { states: ['firing'] }, ['f', 'e', 'a']],
    ['by several states', { states: ['resolved', 'closed'] }, ['c', 'b']],
    ['by running and finished states', { states: ['pending', 'resolved'] }, ['d', 'b']],
    ['by pending', { states: ['pending'] }, ['d']],
    ['by organisation', { organisation: 'gas-company' }, ['c']],
    ['by severity', { severity: 'major' }, ['f', 'd', 'c', 'a']],
    ['by rule', { rule: 'high-pressure' }, ['b']],
    ['by the id of the subject', { subject: 'WP-1' }, ['f', 'd', 'b', 'a']],
    ['by several at once', { states: ['firing'], subject: 'WP-1', organisation: 'water-company' }, ['a']],
    ['by nothing that there is', { rule: 'none' }, []],
  ])('is sieved %s', async (_how, filter, ids) => {
    expect((await six()).list(filter)).toEqual(ids);
  });

  it.each<[string, Partial<AlertFilter>]>([
    ['all', {}],
    ['the running ones', { states: ['firing', 'acknowledged', 'repaired', 'pending'] }],
    ['those of one subject', { subject: 'WP-1' }],
  ])('comes page by page, none twice and none missed: %s', async (_which, filter) => {
    const { it: alerts, list } = await six();
    for (const limit of [1, 2, 3]) {
      const found: string[] = [];
      let after: AlertFilter['after'];
      for (;;) {
        const page = alerts.list({ ...filter, limit, ...(after === undefined ? {} : { after }) });
        expect(page.length).toBeLessThanOrEqual(limit);
        found.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) break;
        after = { startedAt: last.startedAt, id: last.id };
      }
      expect(found).toEqual(list(filter));
    }
  });

  it('keeps in its registers nothing of alerts that vanished, and of those that are over only their place', async () => {
    const { store, take } = await six();
    await take(vanished('d'), resolved('a'), resolved('e'), resolved('f'));
    expect([...store.table('alerts.running').keys()]).toEqual([]);
    expect([...store.table<[number, string], true>('alerts.order').keys()].map(([, id]) => id)).toEqual([...'abcef']);
    expect([...store.table('alerts').keys()]).toEqual([...'abcef']);
  });

  it('goes on after an alert that is not there any more', async () => {
    const { list, take } = await six();
    await take(vanished('d'));
    expect(list({ after: { startedAt: time(3), id: 'd' }, limit: 2 })).toEqual(['c', 'b']);
  });

  it('is the same after a restart', async () => {
    const folder = temporaryFolder();
    const store = await temporaryStore(folder);
    const first = await book(store);
    await first.take(begun('a'), fired('a'), begun('b', { startedAt: minute(1) }));
    const again = await book(store);
    expect([again.list(), again.it.open(), again.it.get('a')]).toEqual([['b', 'a'], 1, first.it.get('a')]);
    expect(await again.take(resolved('a'))).toEqual(['resolved a']);
    expect(again.it.open()).toBe(0);
  });
});
