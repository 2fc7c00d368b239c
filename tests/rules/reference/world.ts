import type { Subject } from '../../../src/model/alert.ts';
import type { Device } from '../../../src/model/device.ts';
import type { Rule } from '../../../src/model/rule.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import type { Case, Cases } from './life.ts';
import type { Past } from './past.ts';

/** The town at one record: what the journal says by then, and what is held against whom. */
export interface World {
  past: Past;
  cases: Cases;
  /** What was found by the samples of a device, by `RULE OFFSET`. */
  found: ReadonlyMap<string, Verdict>;
}

/** How a subject stands by a rule. */
export interface Standing {
  subject: Subject;
  verdict: Verdict;
}

/** What holds a rule's case back: an alert of a rule of `inhibitedBy` on the node, the gateway, or the device itself. */
export function holderOf({ past, cases }: World, rule: Rule, devices: readonly string[]): Case | null {
  for (const id of devices) {
    const device = past.device(id);
    for (const other of rule.inhibitedBy) {
      const found =
        (device?.parent == null ? undefined : cases.of(other, { type: 'parent', id: device.parent })) ??
        (device?.gateway == null ? undefined : cases.of(other, { type: 'device', id: device.gateway })) ??
        cases.of(other, { type: 'device', id });
      if (found !== undefined) return found;
    }
  }
  return null;
}

/** What is pending against devices that rest by their maintenance or the rule's hours is let go of. */
export function letRest({ past, cases }: World, rule: Rule, one: Case, at: number): void {
  const rests = one.bad.map((id) => ({ id, rest: past.rest(rule, past.device(id) as Device, at) }));
  const resting = rests.filter(({ rest }) => rest === 'maintenance' || rest === 'schedule');
  if (resting.length === 0) return;
  if (resting.length === one.bad.length) return cases.close(one, at, resting[0]?.rest as string);
  one.bad = one.bad.filter((id) => !resting.some((other) => other.id === id));
}
