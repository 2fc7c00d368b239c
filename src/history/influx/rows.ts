import type { SampleFlag, Value } from '../../model/sample.ts';
import type { HistoryRow, KeptField } from '../port.ts';
import { DEVICE_TS, FLAGS, fieldKeyOf, RECEIVED_AT, SEQ, TAGS } from './names.ts';
import type { Series } from './server.ts';

/** The rows of a series: its tags stand beside it, where it is one of many, or in columns. */
export function* rowsOf(
  kind: string,
  { tags = {}, columns, values }: Series,
  fields: readonly KeptField[],
): Iterable<HistoryRow> {
  const at = (name: string) => columns.indexOf(name);
  const [time, receivedAt, deviceTs, seq, flags] = ['time', RECEIVED_AT, DEVICE_TS, SEQ, FLAGS].map(at) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const metrics = fields.map(({ field, type }) => ({ field, type, column: at(fieldKeyOf(field)) }));
  const columnsOfTags = Object.fromEntries(TAGS.map((name) => [name, at(name)]));
  for (const cells of values) {
    const tag = (name: (typeof TAGS)[number]) => tags[name] || (cells[columnsOfTags[name] as number] as string) || null;
    const found: Record<string, Value> = {};
    for (const { field, type, column } of metrics) {
      const cell = cells[column];
      if (typeof cell === type) found[field] = cell as Value;
    }
    yield {
      kind,
      device: tag('device') ?? '',
      ts: cells[time] as number,
      receivedAt: (cells[receivedAt] ?? 0) as number,
      deviceTs: (cells[deviceTs] ?? null) as number | null,
      seq: (cells[seq] ?? null) as number | null,
      flags: String(cells[flags] ?? '')
        .split(',')
        .filter((flag) => flag !== '') as SampleFlag[],
      area: tag('area'),
      road: tag('road'),
      organisation: tag('organisation'),
      values: found,
    };
  }
}
