import { z } from 'zod';
import { Severity } from './alert.ts';
import { Duration, Id, Name, parseDuration } from './primitives.ts';

/** What every rule says, whatever its type. */
const Common = {
  id: Id,
  kind: Id.meta({ description: 'the kind of device it judges, or `service` for Townpulse itself' }),
  name: Name,
  severity: Severity,
  /** Where its figures come from: `plan.yaml#task-18`, or the standard in words. */
  basis: z.string().min(1).optional(),
  organisation: Id.optional().meta({ description: "whose alert it is; default: the device's own" }),
  /** Only devices whose supply is so. */
  power: z.enum(['always', 'switched']).optional(),
  /** How long it must hold before it fires. */
  for: Duration.prefault('0s'),
  /** Rules whose alert on the device itself, its gateway or its network node holds this one back. */
  inhibitedBy: z.array(Id).default([]),
};

/** A condition on the samples of one device. */
export const ThresholdRule = z.strictObject({
  type: z.literal('threshold'),
  ...Common,
  /** CEL over the kind's fields, in the kind's units, and `attributes`. */
  when: z.string().min(1),
  /** What ends it; default: that `when` does not hold. */
  clear: z.string().min(1).optional(),
  subject: z
    .enum(['device', 'parent'])
    .default('device')
    .meta({ description: 'parent: the alert names the network node that the device hangs from' }),
  lamps: z.literal('out').optional().meta({
    description: 'out: while it holds against a node, the lamps that hang from it are dark unless they report since',
  }),
});
export type ThresholdRule = z.infer<typeof ThresholdRule>;

/** How long a device is waited for: in its own report intervals, or as a duration (ms). */
export const Patience = z.string().transform((text, context) => {
  const intervals = /^([1-9]\d{0,3}) intervals?$/.exec(text);
  if (intervals !== null) return { intervals: Number(intervals[1]) };
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return { ms };
  context.addIssue({ code: 'custom', message: `"${text}" is neither "3 intervals" nor a duration such as 15m` });
  return z.NEVER;
});
export type Patience = z.infer<typeof Patience>;

/** Nothing arrives from a device any more. */
export const SilenceRule = z.strictObject({ type: z.literal('silence'), ...Common, after: Patience });
export type SilenceRule = z.infer<typeof SilenceRule>;

/** A share of a whole over a group of devices, as an interval. */
export const RatioRule = z
  .strictObject({
    type: z.literal('ratio'),
    ...Common,
    part: z.literal('lamps lit'),
    whole: z.literal('lamps expected'),
    groupBy: z.array(z.enum(['town', 'village', 'road', 'feeder'])).min(1),
    target: z.number().min(0).max(1),
    /** The rate at which a firing alert resolves; default: the target. */
    clear: z.number().min(0).max(1).optional(),
  })
  .refine(({ target, clear }) => clear === undefined || clear >= target, {
    path: ['clear'],
    message: 'what ends a low rate lies at the target or above it',
  });
export type RatioRule = z.infer<typeof RatioRule>;

/** A rule, as a town's `rules.yaml` says it. */
export const Rule = z.discriminatedUnion('type', [ThresholdRule, SilenceRule, RatioRule]);
export type Rule = z.infer<typeof Rule>;

/** Id of a ratio's own alert about too few reports. */
export function coverageId({ id }: { id: string }): string {
  return `${id}.coverage`;
}
