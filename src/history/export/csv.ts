import { instant } from '../../model/primitives.ts';
import type { HistoryRow } from '../port.ts';
import type { Column } from './columns.ts';

/**
 * Rows as CSV (RFC 4180 with line feeds), a text a page: a header, instants as RFC 3339 in UTC, nothing for null. All of it
 * is ASCII as long as ids are, so that it needs no byte-order mark, which many programs take for a part of the first name.
 */
export async function* csvOf(columns: readonly Column[], pages: AsyncIterable<readonly HistoryRow[]>) {
  yield `${columns.map(({ name }) => name).join(',')}\n`;
  for await (const page of pages) {
    let text = '';
    for (const row of page) text += `${columns.map((column) => cellOf(column, row)).join(',')}\n`;
    if (text !== '') yield text;
  }
}

function cellOf({ type, of }: Column, row: HistoryRow): string {
  const value = of(row);
  if (value === null) return '';
  if (type === 'instant') return instant(value as number);
  return type === 'text' ? textCell(value as string) : String(value);
}

/**
 * A spreadsheet takes a text that begins like this for a formula, and runs it. No id begins so, but a series on a server may
 * have been written by anybody.
 */
function textCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
