import type { Field } from '../../model/kind.ts';
import type { Value } from '../../model/sample.ts';
import type { Cell } from './table.ts';

/** What a cell says, or what is wrong with it. */
export type Read<T> = { value: T } | { problem: string };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DECIMAL_COMMA = /^[+-]?\d+,\d+$/;
const TIME =
  /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(?:(Z)|([+-])(\d\d):?(\d\d))?$/i;
/** Below this a number is seconds, as where devices send it (DESIGN.md §4). */
const SECONDS_BELOW = 1e11;
const MINUTE = 60_000;
/** 2000-01-01: no logger is older, and a day's number of Excel (46,000 in 2026) taken as seconds lies before it. */
const OLDEST = 946_684_800_000;

/** Whether there is nothing in it. */
export function isEmpty(cell: Cell): boolean {
  return cell === null || cell === undefined || cell === '';
}

/** An instant, ms: RFC 3339, a date and time at `offset` (ms east of Greenwich, null: refused), or epoch ms or s. */
export function readInstant(cell: Cell, offset: number | null): Read<number> {
  if (cell instanceof Date) return { value: cell.getTime() };
  const text = String(cell);
  if (/^\d{1,15}(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    const value = Math.round(number < SECONDS_BELOW ? number * 1_000 : number);
    if (value >= OLDEST) return { value };
    return {
      problem: `${text} is before 2000 as an epoch; if it is a day's number of Excel, give its cells a date format`,
    };
  }
  const found = TIME.exec(text);
  if (found === null) return { problem: `"${text}" is no instant: write 2026-01-15T20:00:00+08:00` };
  const [, year, month, day, hour, minute, second = '0', fraction = '0', zulu, sign, hours, minutes] = found;
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  const local = new Date(Date.UTC(y, mo - 1, d, h, mi, s, Math.floor(Number(`0.${fraction}`) * 1_000)));
  const isReal = local.getUTCMonth() === mo - 1 && local.getUTCDate() === d && h < 24 && mi < 60 && s < 60;
  if (!isReal) return { problem: `"${text}" is no day or time that there is` };
  if (zulu !== undefined) return { value: local.getTime() };
  if (sign !== undefined) {
    const east = (Number(hours) * 60 + Number(minutes)) * MINUTE;
    return { value: local.getTime() - (sign === '-' ? -east : east) };
  }
  if (offset === null) return { problem: `"${text}" has no offset: say --utc-offset +08:00` };
  return { value: local.getTime() - offset };
}

/** A value of a field, in its unit and within its plausible range. */
export function readValue(cell: Cell, { type, range, unit }: Pick<Field, 'type' | 'range' | 'unit'>): Read<Value> {
  if (type === 'boolean') {
    const text = String(cell).toLowerCase();
    if (text === 'true' || text === '1') return { value: true };
    return text === 'false' || text === '0' ? { value: false } : { problem: `"${cell}" is not true, false, 0 or 1` };
  }
  const number = numberOf(cell);
  if (number === null) {
    const hint = DECIMAL_COMMA.test(String(cell)) ? `: write ${String(cell).replace(',', '.')}` : '';
    return { problem: `"${cell}" is no number${hint}` };
  }
  if (range !== undefined && (number < range[0] || number > range[1])) {
    const said = unit === undefined ? '' : ` ${unit}`;
    return { problem: `${number} lies outside ${range[0]} to ${range[1]}${said}` };
  }
  return { value: number };
}

/** A whole number. */
export function readWhole(cell: Cell): Read<number> {
  const number = numberOf(cell);
  return number !== null && Number.isSafeInteger(number)
    ? { value: number }
    : { problem: `"${cell}" is no whole number` };
}

function numberOf(cell: Cell): number | null {
  const isNumber = typeof cell === 'number' || typeof cell === 'bigint' || NUMBER.test(String(cell));
  const number = isNumber ? Number(cell) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
