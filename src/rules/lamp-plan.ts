import type { Member } from './roster.ts';

/** How many of a device's lamps must burn at an instant, and for how long that holds; instants in ms. */
export interface Planned {
  lamps: number;
  /** When the night began in which they burn; by day when the last one ended. */
  nightSince: number;
  /** The switching before the instant and the one after it, be it of all lamps or of some. */
  since: number;
  until: number;
  /** None burns because the night is over, not because of the plan. */
  isDay: boolean;
}

/** What the hours of a device's road and its own plan ask of its lamps at `at` (ms). */
export function plannedAt({ device, hours }: Member, lamps: number, at: number): Planned {
  const { isLit, since, until } = hours.at(at);
  if (!isLit) return { lamps: 0, nightSince: since, since, until, isDay: true };
  const night = { nightSince: since, since, until, isDay: false };
  const { plan, planUntil, planLamps } = device.attributes;
  const byPlan = typeof planLamps === 'number' ? Math.min(Math.max(0, Math.floor(planLamps)), lamps) : null;
  if (plan === 'alternate' || plan === 'one-side') return { lamps: byPlan ?? Math.ceil(lamps / 2), ...night };
  if (plan !== 'half-night') return { lamps, ...night };
  const half = typeof planUntil === 'string' ? hours.clockAfter(since, planUntil) : hours.midnightAfter(since);
  if (half >= until) return { lamps, ...night };
  return at < half ? { lamps, ...night, until: half } : { lamps: byPlan ?? 0, ...night, since: half };
}

/** Whether a circuit that is switched with its lamps has its supply at `at` (ms), and since when. */
export function suppliedAt(member: Member, at: number): { isSupplied: boolean; since: number } {
  const { isLit, since } = member.hours.at(at);
  const { plan, lamps } = member.device.attributes;
  if (!isLit || plan !== 'half-night') return { isSupplied: isLit, since };
  return { isSupplied: plannedAt(member, Number(lamps ?? 0), at).lamps > 0, since };
}
