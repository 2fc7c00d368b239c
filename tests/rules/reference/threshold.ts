import type { Device } from '../../../src/model/device.ts';
import type { Kinds } from '../../../src/model/kind.ts';
import { withLimits } from '../../../src/model/limits.ts';
import type { SampleRecord } from '../../../src/model/record.ts';
import type { ThresholdRule } from '../../../src/model/rule.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { attributeOf, fieldOf, holds } from './condition.ts';
import { freshFor, isAbout, type Past } from './past.ts';
import { heldAgainst, type Word } from './sampled.ts';
import { supplyOf } from './silence.ts';
import type { World } from './world.ts';

/**
 * Whether the condition holds for a sample; null where the sample does not move the rule: it is older than one that came
 * before, its device rests, it says too little, or one of the same time has spoken.
 */
function saidBy(past: Past, rule: ThresholdRule, record: SampleRecord): boolean | null {
  return past.annals.once(rule, record, () => look(past.asOf(record.offset), rule, record));
}

function look(past: Past, rule: ThresholdRule, { sample, at, offset }: SampleRecord): boolean | null {
  const device = past.device(sample.device);
  if (device === null || !isAbout(rule, device)) return null;
  const before = past.samples(device.id).filter((one) => one.offset < offset);
  if (before.some((one) => one.sample.ts > sample.ts)) return null;
  if (past.rest(rule, device, sample.ts) !== null || past.isMaintained(device, at)) return null;
  const said = holds(rule.when, sample.values, withLimits(device));
  const since = past.inForceSince(rule);
  const twins = before.filter((one) => one.sample.ts === sample.ts && one.offset > since);
  return twins.some((twin) => saidBy(past, rule, twin) !== null) ? null : said;
}

/** What a sample says by a rule. */
export function wordOf(world: World, rule: ThresholdRule, record: SampleRecord): Word {
  const { past } = world;
  const said = saidBy(past, rule, record);
  if (said === null) return null;
  if (said) return 'bad';
  const device = past.device(record.sample.device) as Device;
  const held = heldAgainst(world, rule, device);
  // What has fired ends by `clear`; what is pending is over when the condition does not hold any more.
  const isFirm = held !== undefined && (held.firedAt !== null || held.lateSince !== null);
  if (!isFirm || rule.clear === undefined) return 'good';
  return holds(rule.clear, record.sample.values, withLimits(device)) === true ? 'good' : null;
}

/** Time of the newest sample that has spoken by the rule as it is now; null before there was one. */
export function judgedAt(past: Past, rule: ThresholdRule, { id }: Device): number | null {
  return past.once(rule, id, () => {
    const since = past.inForceSince(rule);
    const spoke = past.samples(id).filter((one) => one.offset > since && saidBy(past, rule, one) !== null);
    return spoke.length === 0 ? null : Math.max(...spoke.map(({ sample: { ts } }) => ts));
  });
}

/** How a device stands by a rule at `at`. */
export function verdictOf(world: World, rule: ThresholdRule, device: Device, at: number, kinds: Kinds): Verdict {
  const { past } = world;
  if (past.rest(rule, device, at) !== null) return 'idle';
  const limit = attributeOf(rule.when);
  if (limit !== null && withLimits(device)[limit] === undefined) return 'idle';
  const fresh = freshFor(device);
  if (past.quiet(device.id, at) > fresh) return supplyOf(world, device, at).isSupplied ? 'silent' : 'idle';
  const judged = judgedAt(past, rule, device);
  if (judged === null && isUnfitted(past, rule, device, kinds)) return 'idle';
  if (judged === null || at - judged > fresh) return 'unknown';
  return heldAgainst(world, rule, device) === undefined ? 'ok' : 'breach';
}

/** Whether the rule asks for what not every device is fitted with, and this one, which was heard of, has never answered. */
function isUnfitted(past: Past, rule: ThresholdRule, { id, kind }: Device, kinds: Kinds): boolean {
  if (kinds.get(kind)?.fields[fieldOf(rule.when)]?.optional !== true) return false;
  const samples = past.samples(id);
  const hasAnswered = samples.some((record) => {
    const then = past
      .asOf(record.offset)
      .rules()
      .find((one) => one.id === rule.id);
    return then?.type === 'threshold' && saidBy(past, then, record) !== null;
  });
  return samples.length > 0 && !hasAnswered;
}
