import { expect, it } from 'vitest';
import { Statement } from '../../../src/history/influx/statement.ts';

it('a statement has nothing pasted into it: whatever is named, compared or counted is bound', () => {
  const statement = new Statement();
  const evil = '\'" OR 1=1; DROP DATABASE x -- $p0';
  const where = `${statement.among('area', [evil, ''])} AND time >= ${statement.instant(1_767_225_600_123)}`;
  statement.add(`SELECT ${statement.name(evil)} FROM ${statement.name('m')} WHERE ${where}`);
  statement.add(`SELECT x GROUP BY time(${statement.width(300_000)}) LIMIT ${statement.number(7)}`);
  expect(statement.text).toBe(
    'SELECT $p4 FROM $p5 WHERE ($p0 = $p1 OR $p0 = $p2) AND time >= $p3; SELECT x GROUP BY time($p6) LIMIT $p7',
  );
  expect(statement.parameters).toEqual({
    p0: { identifier: 'area' },
    p1: evil,
    p2: '',
    p3: '2026-01-01T00:00:00.123Z',
    p4: { identifier: evil },
    p5: { identifier: 'm' },
    p6: { duration: '300000ms' },
    p7: 7,
  });
});

it('a value that is used twice is bound once', () => {
  const statement = new Statement();
  expect([statement.name('a'), statement.value('a'), statement.name('a'), statement.value('a')]).toEqual([
    '$p0',
    '$p1',
    '$p0',
    '$p1',
  ]);
});

it('an instant that InfluxDB cannot tell is its first or last', () => {
  const statement = new Statement();
  statement.instant(1e15);
  statement.instant(-1e15);
  expect(Object.values(statement.parameters)).toEqual(['2262-04-11T23:47:16.854Z', '1677-09-21T00:12:43.146Z']);
});
