import { z } from 'zod';
import { Severity } from './alert.ts';
import { Duration } from './primitives.ts';

/** From the gravest to the slightest. */
const GRAVEST_FIRST: readonly Severity[] = Severity.options;

const Timed = { severity: Severity, after: Duration.prefault('0s') };
const back = Duration.optional().meta({
  description: 'how long its condition must not hold before the step is left; default 10m',
});

/** A rung that is reached by time alone. */
export const TimedRung = laddered(Timed);
/** Of a threshold: a condition as `when` of the rule. */
export const ThresholdRung = laddered({ ...Timed, back, when: z.string().min(1).optional() });
/** Of a ratio: the rate lies below that, whatever the unknown lamps do. */
export const RatioRung = laddered({ ...Timed, back, below: z.number().gt(0).max(1).optional() });
/** Of a count: as `atLeast` of the rule. */
export const CountRung = laddered({ ...Timed, back, atLeast: z.int().min(1).optional() });

/**
 * A step of a rule's ladder of severities; `W` is what a condition on samples is. Without a condition of its own it is
 * reached by time alone: the alert has fired for `after`. With one it is reached once that has held for `after`, and left
 * once it has not held for `back`.
 */
export interface Rung<W> {
  severity: Severity;
  after: number;
  back?: number | undefined;
  when?: W | undefined;
  below?: number | undefined;
  atLeast?: number | undefined;
}

function laddered<S extends z.core.$ZodLooseShape>(shape: S) {
  const conditional = (rung: object) => isConditional(rung as Rung<unknown>);
  return z
    .strictObject(shape)
    .refine((rung) => conditional(rung) || (rung as unknown as Rung<unknown>).after > 0, {
      path: ['after'],
      message: 'a step by time alone says after how long: after: 30m',
    })
    .refine((rung) => conditional(rung) || (rung as unknown as Rung<unknown>).back === undefined, {
      path: ['back'],
      message: 'a step by time alone is not gone back while the alert lasts: "back" goes with a condition',
    });
}

/** What is waited for where a step does not say, ms. */
const BACK = 600_000;

/** Whether it has a condition of its own. */
export function isConditional({ when, below, atLeast }: Rung<unknown>): boolean {
  return when !== undefined || below !== undefined || atLeast !== undefined;
}

/** How long its condition must not hold before it is left, ms. */
export function backOf(rung: Rung<unknown>): number {
  return rung.back ?? BACK;
}

/** Whether `one` is graver than `other`. */
export function isGraver(one: Severity, other: Severity): boolean {
  return GRAVEST_FIRST.indexOf(one) < GRAVEST_FIRST.indexOf(other);
}
