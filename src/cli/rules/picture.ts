import type { Outcome, Row } from '../../rules/table/run.ts';
import { widthOf } from '../table.ts';

/** A failed test as a person reads it: expected and got side by side on the town's time line, the wrong lines marked. */
export function picture({ name, rules, place, rows }: Outcome): string {
  const expected = rows.map((row) => row.expected ?? (row.isRight ? '' : 'nothing'));
  const got = rows.map((row) => row.got ?? 'nothing');
  const width = Math.max(8, ...expected.map(widthOf));
  const time = Math.max(9, ...rows.map((row) => row.time.length));
  const line = (mark: string, at: string, left: string, right: string) =>
    `  ${mark} ${at.padEnd(time)}  ${left}${' '.repeat(width - widthOf(left))}  ${right}`.trimEnd();
  const lines = rows.map((row, index) => {
    const text = line(row.isRight ? ' ' : '≠', row.time, expected[index] ?? '', got[index] ?? '');
    return row.isRight || row.place === null ? text : `${text}   ${row.place}`;
  });
  return [`FAILED ${rules.join(', ')}: ${name}   ${place}`, line(' ', 'town time', 'expected', 'got'), ...lines].join(
    '\n',
  );
}

/** What is wrong, a line each: for reports that know no picture. */
export function faults(rows: readonly Row[]): string[] {
  return rows
    .filter(({ isRight }) => !isRight)
    .map(({ time, expected, got, place }) =>
      `${place ?? ''} ${time} expected ${expected ?? 'nothing'}, got ${got ?? 'nothing'}`.trim(),
    );
}
