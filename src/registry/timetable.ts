import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { messageOf, type Problem } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest.ts';
import { TimetableDay } from '../model/lamp-hours.ts';

const COLUMNS = ['date', 'on', 'off'] as const;

/**
 * Reads a published timetable: CSV with the columns `date,on,off`, its dates ascending; lines that begin with `#` are
 * comments. Its rows, or everything that is wrong with it, each with `FILE:LINE`. Never throws.
 */
export function readTimetable(file: string): { days: TimetableDay[]; problems: Problem[] } {
  const days: TimetableDay[] = [];
  const problems: Problem[] = [];
  const report = (line: number | null, message: string) =>
    problems.push({ path: line === null ? file : `${file}:${line}`, message });
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(readFileSync(file, 'utf8'), {
      ...{ bom: true, comment: '#', comment_no_infix: true, info: true, relax_column_count: true },
      ...{ skip_empty_lines: true, trim: true },
    }) as unknown as typeof records;
  } catch (error) {
    report(error instanceof CsvError && typeof error.lines === 'number' ? error.lines : null, `${messageOf(error)}`);
    return { days, problems };
  }
  const [head, ...rows] = records;
  if (head === undefined || head.record.join() !== COLUMNS.join()) {
    const found = head?.record.find((name) => !(COLUMNS as readonly string[]).includes(name));
    const hint = found === undefined ? '' : `; there is no column ${found}${didYouMean(found, COLUMNS)}`;
    report(head?.info.lines ?? null, `a timetable has the columns ${COLUMNS.join(',')}${hint}`);
    return { days, problems };
  }
  for (const { record, info } of rows) {
    const [date, on, off] = record;
    const row = TimetableDay.safeParse({ date, on, off });
    for (const { path, message } of row.error?.issues ?? []) report(info.lines, `${path.join('.')}: ${message}`);
    if (record.length !== COLUMNS.length)
      report(info.lines, `${record.length} cells, and the header has ${COLUMNS.length}`);
    const last = days.at(-1);
    if (row.data === undefined) continue;
    if (row.data.on === row.data.off) report(info.lines, `on and off are both ${row.data.on}`);
    if (last !== undefined && row.data.date <= last.date)
      report(info.lines, `${row.data.date} does not come after ${last.date}: dates ascend, one row each`);
    days.push(row.data);
  }
  if (rows.length === 0) report(null, 'a timetable without a row says nothing');
  return { days, problems };
}
