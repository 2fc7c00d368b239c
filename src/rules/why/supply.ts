import type { Engine } from '../engine.ts';
import type { LampState } from '../lamp-state.ts';
import type { Figure } from './account.ts';
import { figure } from './figures.ts';

/** How many of these lamps are out because their feeder has no supply: what they said before it is no word against that. */
export function powerless(engine: Engine, states: Iterable<LampState>): Figure[] {
  const dead = engine.deadNodes();
  const feeders = new Set<string>();
  let lamps = 0;
  for (const { member, out } of states) {
    const { parent } = member.device;
    if (out === 0 || parent === null || !dead.has(parent)) continue;
    feeders.add(parent);
    lamps += out;
  }
  if (lamps === 0) return [];
  const named = [...feeders].sort().join(', ');
  const en = `of those out hang from a feeder without supply (${named}), whatever they said before`;
  return [figure('powerless', lamps, null, `灭灯中因回路停电（${named}），停电前的上报不作反证`, en)];
}
