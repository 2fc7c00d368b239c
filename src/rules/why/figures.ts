import type { DayParts } from '../../model/day-part.ts';
import { instant, type Name } from '../../model/primitives.ts';
import type { AskedCondition, Figure, Looked, Next } from './account.ts';
import { timeWords } from './words.ts';

/** A condition that a rule asks without writing it, with its figures. */
export function asked(text: string, figures: string, holds: boolean | null): AskedCondition {
  return { text, figures, holds };
}

/** A number as it is written: six digits. */
export function num(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? '?' : String(Number(value.toPrecision(6)));
}

/** A figure of a kind's field or of a rule. */
export function figure(name: string, value: unknown, unit: string | null, zh: string, en: string): Figure {
  const known = typeof value === 'number' ? Number(value.toPrecision(6)) : typeof value === 'string' ? value : null;
  return { name, value: known, unit, text: { zh, en } };
}

/** What is still to come, in words; `at` in ms. */
export function next(zh: string, en: string, at: number | null = null): Next {
  return { at: at === null ? null : instant(at), text: { zh, en } };
}

/** Values of the device itself, some with their time (ms). */
export function looked(text: Name, unit: string | null, values: readonly [at: number | null, value: number][]): Looked {
  return {
    ...{ text, unit },
    values: values.map(([at, value]) => ({ device: null, at: at === null ? null : instant(at), value })),
  };
}

/** Values of others. */
export function lookedAtOthers(
  text: Name,
  unit: string | null,
  values: readonly { device: string; at: number; value: number }[],
): Looked {
  return { text, unit, values: values.map(({ device, at, value }) => ({ device, at: instant(at), value })) };
}

/** An instant (ms) on the clock that the parts of the day go by. */
export function clock(at: number, { timeZone }: DayParts): string {
  return timeWords(at, timeZone);
}
