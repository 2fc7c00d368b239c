import { z } from 'zod';
import { Duration } from './primitives.ts';
import { Common } from './rule-common.ts';

/** So many samples of a device a rule remembers at most: what it remembers is written at every commit. */
export const MOST_SAMPLES = 48;
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** The name of a field or attribute of the kind; whether there is such a one is checked with the rulebook. */
const FieldOf = z.string().min(1);
const AttributeOf = z.string().min(1);

/** What every rule says that follows one field of a device over its own samples. */
const Signal = {
  ...Common,
  of: FieldOf.meta({ description: 'the field that is followed' }),
  subject: z
    .enum(['device', 'parent'])
    .default('device')
    .meta({ description: 'parent: the alert names the network node that the device hangs from' }),
};
const Direction = z.enum(['down', 'up', 'either']);
const Samples = z.int().min(4).max(MOST_SAMPLES);

/** Hours of the town's day: `to` is of the next morning where it is not later than `from`. */
export const Between = z.strictObject({
  from: z.string().regex(CLOCK, 'a time of the day is HH:MM'),
  to: z.string().regex(CLOCK, 'a time of the day is HH:MM'),
});
export type Between = z.infer<typeof Between>;

/** A field changes faster than it ever does by itself: a burst. */
export const ChangeRule = z.strictObject({
  type: z.literal('change'),
  ...Signal,
  direction: Direction.default('down'),
  within: Duration.meta({ description: 'how fast: the change from any sample of that time to the newest' }),
  by: z.number().positive().meta({ description: 'smaller changes are none, however quiet the point is' }),
  times: z.number().min(1).default(6).meta({ description: "and so many times the spread of the point's own steps" }),
  samples: Samples.default(24).meta({ description: 'so many are remembered; half of them must be there' }),
  settles: Duration.prefault('1d').meta({ description: 'after that long the new level is its usual one' }),
});
export type ChangeRule = z.infer<typeof ChangeRule>;

/** A field that does not move, while it does at others of the same network node: a stuck sensor. */
export const StuckRule = z.strictObject({
  type: z.literal('stuck'),
  ...Signal,
  samples: Samples.default(24).meta({ description: 'over so many samples' }),
  resolution: z.number().positive().meta({ description: 'of the sensor: what scatters less does not move' }),
  neighbours: z.int().min(1).default(2).meta({ description: 'so many others must move meanwhile' }),
});
export type StuckRule = z.infer<typeof StuckRule>;

/** A device disagrees with the median of the others of its network node, other than it usually does. */
export const DeviationRule = z.strictObject({
  type: z.literal('deviation'),
  ...Signal,
  by: z.number().positive().meta({ description: 'so far from where it usually lies beside the median' }),
  points: z.int().min(2).default(3).meta({ description: 'so many others must have a fresh value' }),
});
export type DeviationRule = z.infer<typeof DeviationRule>;

/** A field that is at some time of the day other than it usually is at that time. */
export const PatternRule = z
  .strictObject({
    type: z.literal('pattern'),
    ...Signal,
    between: Between.optional().meta({ description: 'these hours as one; default: each hour of the day by itself' }),
    take: z.enum(['mean', 'min', 'max']).default('mean').meta({ description: 'the figure of that time' }),
    direction: Direction.default('down'),
    by: z.number().positive().meta({ description: 'smaller differences are none' }),
    times: z.number().min(1).default(4).meta({ description: 'and so many times the spread from day to day' }),
    days: z.int().min(3).max(14).default(7).meta({ description: 'so many days are remembered' }),
    minDays: z.int().min(3).max(14).default(4).meta({ description: 'so many of them must be there' }),
    minCoverage: z.number().gt(0).max(1).default(0.5).meta({ description: 'of the samples of that time' }),
    limit: AttributeOf.optional().meta({
      description: 'the attribute that is held against the figure where it is stated',
    }),
  })
  .refine(({ days, minDays }) => minDays <= days, {
    path: ['minDays'],
    message: 'no more days must be there than are remembered',
  });
export type PatternRule = z.infer<typeof PatternRule>;

/** A counter that does what no counter does. */
export const CounterRule = z.strictObject({
  type: z.literal('counter'),
  ...Signal,
  finds: z.enum(['backwards', 'impossible']).meta({
    description: 'backwards: it counts down; impossible: it counts up faster than the meter can pass',
  }),
  tolerance: z.number().min(0).default(0).meta({ description: 'so much, in its unit, is no finding' }),
  most: AttributeOf.optional().meta({ description: 'impossible: the attribute with the largest flow an hour' }),
  meter: AttributeOf.optional().meta({ description: 'the attribute that changes when the meter is replaced' }),
});
export type CounterRule = z.infer<typeof CounterRule>;

const DateOf = z.iso.date('write a date: 2026-03-01');

/** A limit for an average, from a day on and to the last day of it. */
export const DatedLimit = z.strictObject({
  above: z.number(),
  class: z.string().optional().meta({ description: 'where the attribute `by` says so' }),
  validFrom: DateOf.optional(),
  validTo: DateOf.optional().meta({ description: 'the last day on which it holds' }),
});
export type DatedLimit = z.infer<typeof DatedLimit>;

/** An average over a day or a part of it, as a limit is defined on it. */
export const AverageRule = z.strictObject({
  type: z.literal('average'),
  ...Signal,
  between: Between.optional().meta({ description: 'these hours; default: the whole day of the town' }),
  mean: z.enum(['arithmetic', 'energetic']).default('arithmetic').meta({ description: 'energetic: Leq, of dB' }),
  by: AttributeOf.optional().meta({ description: 'the attribute that tells the class of a limit' }),
  limits: z.array(DatedLimit).min(1),
  minCoverage: z.number().gt(0).max(1).default(0.8).meta({ description: 'of its hours; an hour needs 45 minutes' }),
});
export type AverageRule = z.infer<typeof AverageRule>;

/** A field that has moved from where it was when the device was installed. */
export const DriftRule = z.strictObject({
  type: z.literal('drift'),
  ...Signal,
  above: z.number().positive().meta({ description: 'so far from the baseline' }),
  baseline: AttributeOf.optional().meta({ description: 'the attribute that states it; else it is learned' }),
  learn: Duration.prefault('1d').meta({ description: 'from the first samples of so long' }),
});
export type DriftRule = z.infer<typeof DriftRule>;

/** The rules that follow one field of a device over its own samples. */
export const SIGNAL_RULES = [
  ChangeRule,
  StuckRule,
  DeviationRule,
  PatternRule,
  CounterRule,
  AverageRule,
  DriftRule,
] as const;
export type SignalRule = z.infer<(typeof SIGNAL_RULES)[number]>;

const SIGNAL_TYPES: ReadonlySet<string> = new Set(SIGNAL_RULES.map(({ shape }) => shape.type.value));

/** Whether a rule follows one field of a device over its own samples. */
export function isSignal<R extends { type: string }>(rule: R): rule is R & SignalRule {
  return SIGNAL_TYPES.has(rule.type);
}
