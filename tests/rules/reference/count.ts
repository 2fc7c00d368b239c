import type { Subject } from '../../../src/model/alert.ts';
import type { Device } from '../../../src/model/device.ts';
import type { CountRule } from '../../../src/model/rule.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { countsOf, type Group, phaseOf, reportOf } from './lamps.ts';
import { freshFor } from './past.ts';
import { holdAtTick, restAtTick } from './ticked.ts';
import type { World } from './world.ts';

/** How a subject stands by a rule that counts lamps. */
export interface Counted {
  subject: Subject;
  verdict: Verdict;
  /** Why nothing is expected of it; null where something is. */
  idle: string | null;
  /** The devices that it is found of. */
  bad: readonly string[];
  /** Lamps of it are worked on: that ends nothing. */
  isWorkedOn: boolean;
}

const HOUR = 3_600_000;

type Lamp = Group['devices'][number];

const byDark = (a: Lamp, b: Lamp) => b.lamps.out - a.lamps.out || (a.device.id < b.device.id ? -1 : 1);

/** How every subject of a rule stands at `at`. */
export function judge(world: World, rule: CountRule, groups: readonly Group[], at: number): Counted[] {
  if (rule.count === 'dark block')
    return groups.filter(({ group }) => group === 'feeder').map((one) => darkBlock(rule, one));
  if (rule.count === 'dark run') return groups.filter(({ group }) => group === 'road').map((one) => darkRun(rule, one));
  const lamps = groups.find(({ group }) => group === 'town')?.devices ?? [];
  return lamps.flatMap((lamp) => (lamp.device.kind === rule.kind ? ofDevice(world, rule, lamp, at) : []));
}

/** Many lamps of a feeder are out, and so large a share of those that must burn. */
function darkBlock({ atLeast, share = 0 }: CountRule, { id, lamps, devices }: Group): Counted {
  const { expected, out, unknown, maintained } = lamps;
  const bad = devices.filter(({ lamps }) => lamps.out > 0).sort(byDark);
  const isBlock = (dark: number) => dark >= atLeast && dark >= share * expected;
  const about = {
    subject: { type: 'parent', id } as const,
    bad: bad.map(({ device }) => device.id),
    isWorkedOn: maintained > 0,
  };
  if (expected === 0) return { ...about, verdict: 'idle', idle: 'not-expected' };
  const verdict = isBlock(out) ? 'breach' : isBlock(out + unknown) ? 'unknown' : 'ok';
  return { ...about, verdict, idle: null };
}

/** Lamps side by side along a road are out; one that need not burn stands between two others as if it were not there. */
function darkRun({ atLeast }: CountRule, { id, lamps, devices }: Group): Counted {
  const placeOf = ({ device }: Lamp) => Number(device.attributes.sequence);
  const row = devices
    .filter(({ device, lamps }) => typeof device.attributes.sequence === 'number' && lamps.expected === 1)
    .sort((a, b) => placeOf(a) - placeOf(b) || (a.device.id < b.device.id ? -1 : 1));
  const runs = (isDark: (lamp: Lamp) => boolean) => {
    const found: Lamp[][] = [[]];
    for (const lamp of row) {
      if (isDark(lamp)) found.at(-1)?.push(lamp);
      else found.push([]);
    }
    return found.reduce((longest, run) => (run.length > longest.length ? run : longest));
  };
  const certain = runs(({ lamps }) => lamps.out > 0);
  const possible = runs(({ lamps }) => lamps.out + lamps.unknown > 0);
  const about = {
    subject: { type: 'road', id } as const,
    bad: certain.map(({ device }) => device.id),
    isWorkedOn: lamps.maintained > 0,
  };
  if (row.length === 0) return { ...about, verdict: 'idle', idle: 'not-expected' };
  const verdict = certain.length >= atLeast ? 'breach' : possible.length >= atLeast ? 'unknown' : 'ok';
  return { ...about, verdict, idle: null };
}

function ofDevice({ past }: World, rule: CountRule, { device, lamps }: Lamp, at: number): Counted[] {
  const about = {
    subject: { type: 'device', id: device.id } as const,
    bad: [device.id],
    isWorkedOn: false,
    idle: null,
  };
  if (past.isMaintained(device, at)) return [{ ...about, verdict: 'idle', idle: 'maintenance' }];
  if (rule.count === 'day burner') {
    if (phaseOf(past, device, at).isLit) return [{ ...about, verdict: 'idle', idle: 'dark' }];
    if (lamps.burning >= rule.atLeast) return [{ ...about, verdict: 'breach' }];
    return [{ ...about, verdict: lamps.resting > 0 ? 'ok' : 'unknown' }];
  }
  if (rule.count === 'cycling lamp') {
    const { isLit, since } = phaseOf(past, device, at);
    if (!isLit) return [{ ...about, verdict: 'idle', idle: 'daylight' }];
    const from = Math.max(since, at - (rule.within ?? HOUR));
    const counts = countsOf(past, device);
    if (turnsOf(counts).filter((ts) => ts > from).length >= rule.atLeast) return [{ ...about, verdict: 'breach' }];
    const isFresh = at - (counts.at(-1)?.ts ?? Number.NEGATIVE_INFINITY) <= freshFor(device);
    return [{ ...about, verdict: isFresh ? 'ok' : 'unknown' }];
  }
  if (rule.count !== 'registry mismatch') throw new Error(`the model does not count ${rule.count}`);
  const report = reportOf(past, device);
  const isMismatch = report?.total !== undefined && report.total !== Number(device.attributes.lamps);
  if (isMismatch) return [{ ...about, verdict: 'breach' }];
  const isTold = report?.total !== undefined && at - report.ts <= freshFor(device as Device);
  return [{ ...about, verdict: isTold ? 'ok' : 'unknown' }];
}

/** When a number of lamps turned from falling to rising or back, and when it first changed. */
function turnsOf(counts: readonly { ts: number; lit: number }[]): number[] {
  const changes = counts.slice(1).flatMap(({ ts, lit }, index) => {
    const before = (counts[index] as { lit: number }).lit;
    return lit === before ? [] : [{ ts, isRise: lit > before }];
  });
  return changes.filter(({ isRise }, index) => isRise !== changes[index - 1]?.isRise).map(({ ts }) => ts);
}

/** Looks at a tick at every subject; `since` ms after the tick before. */
export function look(world: World, rule: CountRule, groups: readonly Group[], at: number, since: number): void {
  const { past, cases } = world;
  if (!past.isOpen(rule, at)) return restAtTick(world, [rule.id], at);
  const all = judge(world, rule, groups, at);
  for (const { subject, bad, verdict, idle, isWorkedOn } of all) {
    const isOk = verdict === 'ok';
    const found = { subject, bad, isBad: verdict === 'breach', isOk, isGood: isOk && !isWorkedOn, idle };
    holdAtTick(world, rule, rule.id, found, at, since);
  }
  for (const one of cases.all(rule.id))
    if (!all.some(({ subject }) => subject.id === one.subject.id)) cases.close(one, at, 'not-judged');
}
