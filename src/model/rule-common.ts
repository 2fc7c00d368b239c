import { z } from 'zod';
import { Severity } from './alert.ts';
import { Duration, Id, Name } from './primitives.ts';
import { TimedRung } from './rung.ts';
import { Schedule } from './schedule.ts';

/** What every rule says, whatever its type. */
export const Common = {
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
  keepFiring: Duration.prefault('0s').meta({
    description:
      'what fires is over only once its cause has been seen to be gone for so long; a relapse is the same alert',
  }),
  ladder: z
    .array(TimedRung)
    .default([])
    .meta({ description: 'graver severities of the same alert, by time or by worse conditions' }),
  /** When it judges; outside of these hours nothing begins, and nothing that is open goes on or ends. */
  schedule: Schedule.optional(),
  /** Rules whose alert on the device itself, its gateway or its network node holds this one back. */
  inhibitedBy: z.array(Id).default([]),
};
