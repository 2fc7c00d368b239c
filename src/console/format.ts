import type { Language, Words } from './words.ts';

const SPACE = '\u202f';
const LOCALE = { zh: 'zh-CN', en: 'en-GB' } as const;
const UNIT_MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000 } as const;

/** A rate 0..1 in percent, two decimals, cut and never rounded up: 0.96999 must not read as the 97 % it misses. */
export function percent(rate: number): string {
  return `${(Math.floor(rate * 10_000 + 1e-6) / 100).toFixed(2)}${SPACE}%`;
}

/** A target or a scale's end in percent, without decimals it does not have. */
export function wholePercent(rate: number): string {
  return `${Number((rate * 100).toFixed(2))}${SPACE}%`;
}

/** A count with its thousands apart. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A measured value with at most three decimals, and its unit where it has one. */
export function measure(value: number, unit?: string): string {
  const text = value.toLocaleString('en-US', { maximumFractionDigits: 3 });
  return unit === undefined ? text : `${text}${SPACE}${unit}`;
}

/** Bytes in the largest binary unit that keeps a figure of 1 or more. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log2(n) / 10));
  const value = n / 1024 ** power;
  return `${power === 0 ? value : Number(value.toFixed(value < 10 ? 1 : 0))}${SPACE}${units[power]}`;
}

/** A span of time in its two largest units; below zero (clocks a little apart) it is none at all. */
export function duration(ms: number, words: Words): string {
  const whole = Math.max(0, Math.floor(ms / 1000)) * 1000;
  const { days, hours, minutes, seconds } = words.duration;
  if (whole >= UNIT_MS.days) return pair(whole, UNIT_MS.days, days, UNIT_MS.hours, hours);
  if (whole >= UNIT_MS.hours) return pair(whole, UNIT_MS.hours, hours, UNIT_MS.minutes, minutes);
  if (whole >= UNIT_MS.minutes) return minutes(Math.floor(whole / UNIT_MS.minutes));
  return seconds(whole / UNIT_MS.seconds);
}

function pair(
  ms: number,
  big: number,
  bigWord: (n: number) => string,
  small: number,
  smallWord: (n: number) => string,
) {
  const rest = Math.floor((ms % big) / small);
  const first = bigWord(Math.floor(ms / big));
  return rest === 0 ? first : `${first} ${smallWord(rest)}`;
}

/** The time of day in `zone`, `20:31:05`. */
export function timeOfDay(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', timeStyle: 'medium' }).format(ms);
}

/** An instant as shortly as `now` allows: the time of day, with its date before it when that is another day. */
export function moment(ms: number, now: number, zone: string): string {
  const time = timeOfDay(ms, zone).slice(0, 5);
  return day(ms, zone) === day(now, zone) ? time : `${day(ms, zone).slice(5)} ${time}`;
}

/** The date with its weekday, as the language writes it. */
export function fullDate(ms: number, zone: string, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], {
    timeZone: zone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'long',
  }).format(ms);
}

function day(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(ms);
}
