import type { LightingSettings } from '../model/lamp-hours.ts';
import type { Counted } from './count.ts';
import type { LampState } from './lamp-state.ts';
import { isOffSchedule } from './lamp-state.ts';
import { type Circuit, type GroupCount, MISMATCH, TRANSITION } from './lighting.ts';
import { freshFor } from './roster.ts';

/** A circuit burns by day when so much of what is known of it does. */
const MOST = 0.5;

/**
 * A circuit is not switched as it should be: dark as a whole in the first or last hour of the night, or burning, as a whole or
 * nearly, by day. One that stays dark is a block of dark lamps; single lamps that burn by day are day burners.
 */
export function offSchedule(
  { devices, burning, resting, lit }: GroupCount,
  circuit: Circuit | undefined,
  settings: LightingSettings | undefined,
  at: number,
): Counted {
  const states = () => [...devices.values()].sort((a, b) => (a.member.device.id < b.member.device.id ? -1 : 1));
  const found = { values: { lit, burning }, states };
  const first = firstOf(devices);
  if (first === undefined || circuit === undefined) return { ...found, verdict: 'idle', reason: 'no-lamps' };
  const { transition = TRANSITION, mismatch = MISMATCH } = settings ?? {};
  const { isLit, since, until } = first.member.hours.at(at);
  if (!isLit) {
    const known = burning + resting;
    if (burning >= 2 && burning >= MOST * known) return { ...found, verdict: 'breach', reason: 'on' };
    return known > 0
      ? { ...found, verdict: 'ok', reason: null }
      : { ...found, verdict: 'unknown', reason: 'no-sample' };
  }
  if (lit > 0) return { ...found, verdict: 'ok', reason: null };
  const isSettled = at >= since + transition && at < until - transition;
  const says = ({ member, report }: LampState) =>
    report !== null && report.ts >= since && at - report.ts <= freshFor(member);
  const all = [...devices.values()];
  const lamps = all.reduce((sum, { member }) => sum + Number(member.device.attributes.lamps ?? 0), 0);
  const bounds = { nightSince: since, until, mismatch, fresh: freshFor(first.member) };
  if (isSettled && lamps >= 2 && all.some(says) && isOffSchedule(circuit, at, bounds))
    return { ...found, verdict: 'breach', reason: 'off' };
  return { ...found, verdict: 'unknown', reason: 'no-sample' };
}

/** The lamps of one road are switched together: those of the first device speak for all. */
function firstOf(devices: GroupCount['devices']): LampState | undefined {
  let first: LampState | undefined;
  for (const state of devices.values())
    if (first === undefined || state.member.device.id < first.member.device.id) first = state;
  return first;
}
