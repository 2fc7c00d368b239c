import { z } from 'zod';
import { Id, Instant, Name } from './primitives.ts';
import { Verdict } from './verdict.ts';

export const Severity = z.enum(['critical', 'major', 'minor', 'info']);
export type Severity = z.infer<typeof Severity>;

/** The states of an alert. *Open* = firing, acknowledged or repaired. */
export const AlertState = z.enum(['pending', 'firing', 'acknowledged', 'repaired', 'resolved', 'closed']);
export type AlertState = z.infer<typeof AlertState>;

export const Subject = z.object({ type: z.enum(['device', 'area', 'road', 'parent', 'town', 'service']), id: Id });
export type Subject = z.infer<typeof Subject>;

/** A sample that a decision rests on. */
export const Evidence = z.object({
  device: Id,
  ts: Instant,
  values: z.record(z.string(), z.union([z.number(), z.boolean()])),
});
export type Evidence = z.infer<typeof Evidence>;

const Figures = z.record(z.string(), z.union([z.number(), z.boolean(), z.null()]));

/** An alert as `GET /alerts` shows it (CONTRACT.md §4). */
export const Alert = z.object({
  id: z.string().meta({ description: 'hash of rule, subject and startedAt: a restart or a replay makes no twin' }),
  rule: z.string(),
  ruleVersion: z.string(),
  subject: Subject,
  title: Name,
  severity: Severity,
  state: AlertState,
  reason: z.string(),
  verdict: Verdict,
  organisation: Id,
  assignee: z.string().nullable(),
  startedAt: Instant.meta({ description: 'sample time of the first bad sample' }),
  receivedAt: Instant,
  firedAt: Instant.nullable().meta({ description: 'sample time at which `for` was over' }),
  decidedAt: Instant.meta({ description: 'arrival time of the journal record that decided' }),
  values: Figures.meta({ description: 'the figures that decided it' }),
  clearedValues: Figures.nullable().meta({ description: 'the figures that ended it' }),
  evidence: z.array(Evidence),
  children: z.array(Id),
  inhibitedBy: z.string().nullable(),
  repair: z
    .object({ due: Instant, clock: z.enum(['working-hours', 'wall']), state: z.enum(['running', 'met', 'missed']) })
    .nullable(),
  resolvedAt: Instant.nullable(),
  flapping: z
    .boolean()
    .meta({ description: 'alerts of its rule and subject come and go: told once, not at every turn' }),
});
export type Alert = z.infer<typeof Alert>;

/** One move of an alert. */
export const AlertMove = z.object({
  at: Instant,
  from: AlertState.nullable(),
  to: AlertState.nullable(),
  reason: z.string(),
  by: z.string(),
  severity: z
    .object({ from: Severity, to: Severity })
    .optional()
    .meta({ description: 'where it became graver or less grave' }),
});
export type AlertMove = z.infer<typeof AlertMove>;

/**
 * What became of an alert: it fired, was raised to a graver severity, comes and goes, does no more and is over (`calmed`) or
 * still open (`stands`), is over, or was ended.
 */
export type AlertEvent = 'fired' | 'raised' | 'flapping' | 'calmed' | 'stands' | 'resolved' | 'closed';

/** An alert that somebody should hear of. */
export interface News {
  alert: Alert;
  event: AlertEvent;
  /** Why nobody is told of it after all. */
  suppressed?: string;
}

/** What the record of the lighting rate says of the time that an alert was decided by, where that is not what was decided. */
export const Correction = z.object({
  verdict: Verdict,
  reason: z.string().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  revision: z.int(),
});
export type Correction = z.infer<typeof Correction>;
