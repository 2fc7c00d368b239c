import type { Device } from '../../../src/model/device.ts';
import type { SilenceRule } from '../../../src/model/rule.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { phaseOf, plannedOf } from './lamps.ts';
import { isAbout } from './past.ts';
import { holderOf, letRest, type World } from './world.ts';

/** What a controller gets for starting when its circuit is switched on, ms. */
const BOOT = 600_000;

function patienceOf({ after }: SilenceRule, { reportInterval }: Device): number {
  return 'ms' in after ? after.ms : after.intervals * reportInterval * 1_000;
}

/** Whether a device has its supply, and since when. */
export function supplyOf({ past }: World, device: Device, at: number): { isSupplied: boolean; since: number } {
  if (device.power === 'always') return { isSupplied: true, since: Number.NEGATIVE_INFINITY };
  const { isLit, since } = phaseOf(past, device, at);
  if (!isLit || device.attributes.plan !== 'half-night') return { isSupplied: isLit, since };
  return { isSupplied: plannedOf(past, device, at).lamps > 0, since };
}

/** For how long nothing came from a device that could have spoken, ms. */
function quietOf(world: World, rule: SilenceRule, device: Device, at: number): number {
  const { past } = world;
  const { isSupplied, since } = supplyOf(world, device, at);
  if (!isSupplied) return Number.NEGATIVE_INFINITY;
  const booted = device.power === 'always' ? Number.NEGATIVE_INFINITY : since + BOOT;
  return Math.min(past.quiet(device.id, at), at - past.judgedSince(rule, device, at), at - booted);
}

/** Looks at a tick who has fallen silent, and who was heard of again. */
export function look(world: World, rule: SilenceRule, at: number): void {
  const { past, cases } = world;
  for (const one of cases.all(rule.id)) {
    const device = past.device(one.subject.id) as Device;
    if (one.firedAt === null) letRest(world, rule, one, at);
    const heardAt = past.heardAt(device.id);
    if (!cases.isOpen(one) || heardAt === null || heardAt <= one.startedAt) continue;
    if (past.rest(rule, device, at) !== null || heardAt < past.judgedSince(rule, device, at)) continue;
    cases.end(one, heardAt, at, 'heard');
  }
  for (const device of past.devices()) {
    if (!isAbout(rule, device) || past.rest(rule, device, at) !== null) continue;
    const patience = patienceOf(rule, device);
    const over = quietOf(world, rule, device, at) - patience;
    if (over < 0) continue;
    const subject = { type: 'device', id: device.id } as const;
    // One that was closed before it was over is another alert when it goes on.
    const closed = cases.closedAt(rule.id, subject) ?? Number.NEGATIVE_INFINITY;
    const startedAt = Math.max(at - over, closed);
    const one =
      cases.of(rule.id, subject) ?? cases.begin(rule.id, subject, [device.id], startedAt, rule.for, at, 'silence');
    if (one.firedAt !== null || at < one.due) continue;
    const firedAt = one.startedAt + rule.for;
    cases.fire(one, holderOf(world, rule, one.bad), { firedAt, at, reason: 'silence', patience });
  }
}

/** How a device stands by a rule at `at`. */
export function verdictOf(world: World, rule: SilenceRule, device: Device, at: number): Verdict {
  const { past } = world;
  if (past.rest(rule, device, at) !== null) return 'idle';
  const patience = patienceOf(rule, device);
  if (past.quiet(device.id, at) < patience) return 'ok';
  if (!supplyOf(world, device, at).isSupplied) return 'idle';
  return quietOf(world, rule, device, at) >= patience ? 'silent' : 'unknown';
}
