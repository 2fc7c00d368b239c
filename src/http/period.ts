import { instant } from '../model/primitives.ts';
import { InstantText, refuse } from './parameters.ts';

const DAY = 86_400_000;

/** `from` and `to` of a query: the last day of town time unless it says otherwise. */
export const PeriodQuery = {
  from: InstantText.optional().meta({ description: 'inclusive; RFC 3339 or epoch ms; a day before `to` unless said' }),
  to: InstantText.optional().meta({ description: "exclusive; RFC 3339 or epoch ms; the town's now unless said" }),
};

/** The period that a query asks for, ms; `now` is the town's. @throws TownError `invalid` when it ends before it begins */
export function periodOf(
  query: { from?: number | undefined; to?: number | undefined },
  now: number,
): { from: number; to: number } {
  const to = query.to ?? now;
  const from = query.from ?? to - DAY;
  if (from >= to) refuse('from', `${instant(from)} is not before the end of the period, ${instant(to)}`);
  return { from, to };
}
