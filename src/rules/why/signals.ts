import type { SignalRule } from '../../model/signal-rule.ts';
import type { Engine } from '../engine.ts';
import type { Occurrence } from '../occurrences.ts';
import type { Member } from '../roster.ts';
import { type Explained, UNEXPLAINED } from './account.ts';
import { averageSays, patternSays } from './periods.ts';
import { changeSays, counterSays, deviationSays, driftSays, stuckSays } from './samples.ts';
import type { SignalCase } from './signal-case.ts';

type Says<T extends SignalRule['type'], S = never> = (
  one: SignalCase<Extract<SignalRule, { type: T }>, S>,
) => Explained;

const SAYS: { [T in SignalRule['type']]: Says<T> } = {
  average: averageSays as Says<'average'>,
  change: changeSays as Says<'change'>,
  counter: counterSays as Says<'counter'>,
  deviation: deviationSays as Says<'deviation'>,
  drift: driftSays as Says<'drift'>,
  pattern: patternSays as Says<'pattern'>,
  stuck: stuckSays as Says<'stuck'>,
};

/** Explains how the device stands whose samples decide: the one that something is held against, or the first. */
export function explainSignal(
  engine: Engine,
  rule: SignalRule,
  members: readonly Member[],
  occurrence: Occurrence | undefined,
): Explained {
  const decisive = members.find(({ device }) => occurrence?.bad.includes(device.id)) ?? members[0];
  const memory = decisive && engine.signals.memories.of(rule.id, decisive.device.id);
  if (decisive === undefined || memory === undefined) return UNEXPLAINED;
  return (SAYS[rule.type] as Says<SignalRule['type'], unknown>)({
    ...{ rule, member: decisive, memory: memory as SignalCase<SignalRule, unknown>['memory'] },
    isHeld: occurrence?.bad.includes(decisive.device.id) ?? false,
    unit: engine.kinds.get(rule.kind)?.fields[rule.of]?.unit ?? null,
    parts: engine.signals.dayParts(),
    neighbours: () => engine.signals.neighbours(rule, decisive, memory.ts),
  } as never);
}
