import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  checkKept,
  type HistoryServer,
  type HistoryWishes,
  REPORTS_NEED_MS,
} from '../../../src/cli/doctor/history.ts';
import { checkNode } from '../../../src/cli/doctor/node.ts';
import { checkLedger } from '../../../src/cli/doctor/service.ts';
import type { Ledger } from '../../../src/model/ledger.ts';

describe('Node', () => {
  it.each([
    ['20.18.3', false],
    ['20.19.0', true],
    ['18.20.8', false],
    ['22.0.0', true],
    ['24.21.0', true],
  ])('%s for >=20.19: %s', (version, ok) => {
    expect(checkNode(version, '>=20.19')).toMatchObject({ check: 'node', ok });
  });

  it('of this machine is new enough for the package', () => {
    expect(checkNode().ok).toBe(true);
  });
});

describe('a history’s server', () => {
  const good: HistoryServer = {
    ...{ url: 'http://influx:8086', version: '2.7.12', unreachable: null, clockOffset: 300 },
    ...{ write: null, read: null, retention: Number.POSITIVE_INFINITY },
  };
  const wishes: HistoryWishes = { credentials: ['INFLUX_TOKEN_FILE'], keep: Number.POSITIVE_INFINITY };
  const problems = (more: Partial<HistoryServer>, wish: Partial<HistoryWishes> = {}) =>
    checkHistory({ ...good, ...more }, { ...wishes, ...wish }).filter(({ ok }) => !ok);
  const refusal = (why: 'credentials' | 'missing' | 'forbidden') => ({ why, words: 'its own words' });

  it('that is well has nothing wrong, also where it tells less', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ clockOffset: null, retention: null, version: null })).toEqual([]);
  });

  it.each([5_000, -5_000])('may be %d ms off', (clockOffset) => expect(problems({ clockOffset })).toEqual([]));

  it.each([
    [7_400, 'the clock of the InfluxDB is 7 s ahead of this machine’s'],
    [-90_000, 'the clock of the InfluxDB is 90 s behind this machine’s'],
  ])('%d ms off is too far', (clockOffset, says) => {
    expect(problems({ clockOffset })).toMatchObject([{ check: 'clock', says: says.replace('’', "'") }]);
  });

  it.each([
    [['INFLUX_TOKEN_FILE'], 'correct INFLUX_TOKEN_FILE: '],
    [['INFLUX_USERNAME', 'town.yaml:3:9'], 'correct INFLUX_USERNAME and town.yaml:3:9: '],
    [[], 'set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD'],
  ])('with a wrong token or password from %j is told once, with where it stands', (credentials, todo) => {
    const found = problems({ write: refusal('credentials'), read: refusal('credentials') }, { credentials });
    expect(found).toMatchObject([{ check: 'history', todo: expect.stringContaining(todo) }]);
    expect(found[0]?.says).toContain('its own words');
  });

  it('without the bucket is told once, with the variable', () => {
    const found = problems({ write: refusal('missing'), read: refusal('forbidden') });
    expect(found).toMatchObject([{ check: 'history', todo: expect.stringContaining('INFLUX_BUCKET') }]);
  });

  it('that may be written but not read is told, and the other way round', () => {
    expect(problems({ read: refusal('forbidden') })).toMatchObject([
      { says: expect.stringContaining('cannot be read') },
    ]);
    expect(problems({ write: refusal('forbidden') })).toMatchObject([
      { says: expect.stringContaining('cannot be written') },
    ]);
  });

  it('that drops what the settings keep for longer is told in days', () => {
    const DAY = 86_400_000;
    expect(problems({ retention: 400 * DAY }, { keep: 400 * DAY })).toEqual([]);
    expect(problems({ retention: 399 * DAY }, { keep: 400 * DAY })).toMatchObject([
      {
        ...{ check: 'retention', todo: expect.stringContaining('--retention 0') },
        says: 'the bucket drops what is older than 399 days, readings and figures alike, and the settings keep figures for 400 days',
      },
    ]);
    expect(problems({ retention: DAY })).toMatchObject([
      {
        says: 'the bucket drops what is older than 1 day, readings and figures alike, and the settings keep figures for ever',
      },
    ]);
  });

  it('and readings of ours, that go before a month’s report is made, are told in days too', () => {
    expect([checkKept(undefined).ok, checkKept(REPORTS_NEED_MS).ok]).toEqual([true, true]);
    expect(checkKept(40 * 86_400_000)).toMatchObject({
      ...{ ok: false, check: 'retention', todo: expect.stringContaining('TOWNPULSE_HISTORY_RETENTION_RAW to 62d') },
      says: 'readings are kept for 40 days, and the report of a month needs 62 days',
    });
  });

  it('that cannot be reached is told, and nothing else of it', () => {
    const found = checkHistory(
      { ...good, unreachable: 'http://influx:8086 cannot be reached: refused', retention: 1 },
      wishes,
    );
    expect(found).toMatchObject([{ ok: false, check: 'history' }]);
  });
});

describe('the ledger', () => {
  const ledger = (balanced: boolean, journalBytes: number) =>
    ({ received: 7, balanced, history: { journalBytes, journalMaxBytes: 1_000 } }) as Ledger;
  const problems = (one: Ledger) => checkLedger(one).filter(({ ok }) => !ok);

  it('that does not balance is a problem', () => {
    expect(problems(ledger(true, 0))).toEqual([]);
    expect(problems(ledger(false, 0))).toMatchObject([{ check: 'ledger' }]);
  });

  it('tells that the journal fills before devices have to wait', () => {
    expect(problems(ledger(true, 799))).toEqual([]);
    expect(problems(ledger(true, 800))).toMatchObject([{ says: expect.stringContaining('80 %') }]);
  });
});
