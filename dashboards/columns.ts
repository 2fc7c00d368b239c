import { uidOf } from './board.ts';
import { type Column, columnOf } from './panels.ts';
import type { Pen } from './pen.ts';

/** The device of a row; from it one goes to the same board, of that device alone. */
export function deviceColumn(pen: Pen, board: string): Column {
  const url = `/d/${uidOf(pen.language, board)}?var-device=\${__value.raw:percentencode}&\${__url_time_range}`;
  return { title: { zh: '设备', en: 'Device' }, link: { title: { zh: '只看此设备', en: 'This device alone' }, url } };
}

/** An area by its name. */
export function areaColumn(pen: Pen): Column {
  return { title: { zh: '区域', en: 'Area' }, words: wordsOf(pen, pen.facts.town.areas) };
}

/** When the row's values were said, as how long ago. */
export function saidColumn(): Column {
  return { title: { zh: '上报于', en: 'Said' }, unit: 'dateTimeFromNow' };
}

/** What things of the town are called, by their ids. */
export function wordsOf(
  pen: Pen,
  named: readonly { id: string; name: { zh: string; en: string } }[],
): Record<string, { text: string }> {
  return Object.fromEntries(named.map(({ id, name }) => [id, { text: pen.say(name) }]));
}

/** Columns of fields, each as it is shown by default. */
export function columnsOf(pen: Pen, kind: string, fields: readonly string[]): Record<string, Column> {
  return Object.fromEntries(fields.map((field) => [field, columnOf(pen, kind, field)]));
}
