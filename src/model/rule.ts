import { z } from 'zod';
import { Duration, Id, type Name, parseDuration } from './primitives.ts';
import { Common } from './rule-common.ts';
import { CountRung, RatioRung, ThresholdRung } from './rung.ts';
import { SIGNAL_RULES } from './signal-rule.ts';
import { RoadClass } from './town.ts';

/** So many switchings of a lamp are remembered. */
export const MOST_TURNS = 12;
/** Fewer, or over more time (ms), are no more than dusk and dawn. */
export const LEAST_TURNS = 3;
export const LONGEST_WITHIN = 6 * 3_600_000;

/** A condition on the samples of one device. */
export const ThresholdRule = z.strictObject({
  type: z.literal('threshold'),
  ...Common,
  /** CEL over the kind's fields, in the kind's units, and `attributes`. */
  when: z.string().min(1),
  ladder: z.array(ThresholdRung).default([]),
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

/** Roads with up to so many lamps that must burn, and how many of these may be out. */
export const LadderStep = z.strictObject({ upTo: z.int().min(1), dark: z.int().min(0) });
export type LadderStep = z.infer<typeof LadderStep>;

function isStepUp(step: LadderStep, before: LadderStep | undefined): boolean {
  return step.dark < step.upTo && (before === undefined || (step.upTo > before.upTo && step.dark >= before.dark));
}

/** A share of a whole over a group of devices, as an interval. */
export const RatioRule = z
  .strictObject({
    type: z.literal('ratio'),
    ...Common,
    ladder: z.array(RatioRung).default([]),
    part: z.literal('lamps lit'),
    whole: z.literal('lamps expected'),
    groupBy: z.array(z.enum(['town', 'village', 'road', 'class', 'feeder'])).min(1),
    target: z.number().min(0).max(1),
    targets: z
      .partialRecord(RoadClass, z.number().min(0).max(1))
      .default({})
      .meta({ description: 'of roads by their class, and of the classes; the others have `target`' }),
    /** What ends a low rate of a road with a target of its own lies as far above that as `clear` above `target`. */
    smallRoads: z.array(LadderStep).default([]).meta({
      description: 'roads with so few lamps are judged by how many are out, not by the rate; ascending',
    }),
    minCoverage: z.number().min(0).max(1).default(0).meta({
      description:
        'such a share of the lamps expected must be known to be lit or out before a group is ok; below it is unknown',
    }),
    /** The rate at which a firing alert resolves; default: the target. */
    clear: z.number().min(0).max(1).optional(),
  })
  .refine(({ target, clear }) => clear === undefined || clear >= target, {
    path: ['clear'],
    message: 'what ends a low rate lies at the target or above it',
  })
  .refine(
    ({ smallRoads }) => smallRoads.every(({ upTo, dark }, index) => isStepUp({ upTo, dark }, smallRoads[index - 1])),
    {
      path: ['smallRoads'],
      message: 'the ladder goes up: each step is of more lamps, and allows no fewer to be out, than the one before',
    },
  );
export type RatioRule = z.infer<typeof RatioRule>;

/** What is counted in lamps, and whose alert it is. */
export const LAMP_FINDINGS = {
  /** 成片不亮: many lamps of one feeder out. */
  'dark block': 'feeder',
  /** 连续灭灯: lamps out side by side along a road, by their attribute `sequence`. */
  'dark run': 'road',
  /** 单灯不亮: lamps that are out, one by one. */
  'dark lamp': 'device',
  /** 白天亮灯: lamps that burn by day. */
  'day burner': 'device',
  /** Lamps that go on and off again. */
  'cycling lamp': 'device',
  /** 不按规定开关灯: a circuit that is dark when it must burn, or burns when it must not. */
  'off schedule': 'feeder',
  /** The device counts other lamps than the registry. */
  'registry mismatch': 'device',
} as const;
export type LampFinding = keyof typeof LAMP_FINDINGS;

/** Something that is found by counting lamps. */
export const CountRule = z
  .strictObject({
    type: z.literal('count'),
    ...Common,
    ladder: z.array(CountRung).default([]),
    count: z.enum(Object.keys(LAMP_FINDINGS) as [LampFinding, ...LampFinding[]]),
    atLeast: z.int().min(1).default(1).meta({ description: 'so many lamps; of a cycling lamp: so many switchings' }),
    share: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .meta({ description: 'dark block: and such a share of those that must burn' }),
    within: Duration.optional().meta({ description: 'cycling lamp: so many switchings within that time; default 1h' }),
  })
  .refine(({ count, share }) => share === undefined || count === 'dark block', {
    path: ['share'],
    message: 'a share goes with "count: dark block"',
  })
  .refine(({ count, within }) => within === undefined || count === 'cycling lamp', {
    path: ['within'],
    message: 'a time goes with "count: cycling lamp"',
  })
  .refine(({ within = 0 }) => within <= LONGEST_WITHIN, { path: ['within'], message: 'a time of 6h at most' })
  .refine(({ count, atLeast }) => count !== 'cycling lamp' || (atLeast >= LEAST_TURNS && atLeast <= MOST_TURNS), {
    path: ['atLeast'],
    message: `a cycling lamp is switched ${LEAST_TURNS} to ${MOST_TURNS} times: fewer are dusk and dawn`,
  });
export type CountRule = z.infer<typeof CountRule>;

/** 设施完好率: the share of the facilities of a kind that are intact, over groups, as an interval. */
export const IntactRule = z
  .strictObject({
    type: z.literal('intact'),
    ...Common,
    impairedBy: z.array(Id).min(1).meta({
      description:
        'rules over devices of this kind: a facility is not intact while one of them has an open alert on it',
    }),
    groupBy: z.array(z.enum(['town', 'village', 'road'])).min(1),
    target: z.number().min(0).max(1),
    clear: z.number().min(0).max(1).optional().meta({
      description: 'the share at which a firing alert resolves; default: the target',
    }),
  })
  .refine(({ target, clear }) => clear === undefined || clear >= target, {
    path: ['clear'],
    message: 'what ends a low share lies at the target or above it',
  });
export type IntactRule = z.infer<typeof IntactRule>;

/** A rule, as a town's `rules.yaml` says it. */
export const Rule = z.discriminatedUnion('type', [
  ThresholdRule,
  SilenceRule,
  RatioRule,
  CountRule,
  IntactRule,
  ...SIGNAL_RULES,
]);
export type Rule = z.infer<typeof Rule>;

/** Id of a ratio's own alert about too few reports. */
export function coverageId({ id }: { id: string }): string {
  return `${id}.coverage`;
}

/** What a ratio's own alert about too few reports is called. */
export function coverageName({ name }: { name: Name }): Name {
  return { zh: `${name.zh}：无法判定（上报不足）`, en: `${name.en}: cannot be told, too few reports` };
}
