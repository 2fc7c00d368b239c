import type { DayParts } from '../../model/day-part.ts';
import type { SignalRule } from '../../model/signal-rule.ts';
import type { Memory } from '../memory.ts';
import type { Member } from '../roster.ts';

/** What there is to explain: how a device stands by a rule that follows one of its fields. `S` is what the rule remembers. */
export interface SignalCase<R extends SignalRule, S> {
  rule: R;
  member: Member;
  memory: Memory & { state: S };
  /** Whether something is held against the device. */
  isHeld: boolean;
  /** Of the field. */
  unit: string | null;
  parts: DayParts;
  /** The others of its network node that are compared with it. */
  neighbours(): { device: string; memory: Memory & { state: S } }[];
}
