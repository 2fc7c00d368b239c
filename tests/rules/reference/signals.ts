import type { Device } from '../../../src/model/device.ts';
import { withLimits } from '../../../src/model/limits.ts';
import type { SampleRecord } from '../../../src/model/record.ts';
import type { ChangeRule, CounterRule, DriftRule, SignalRule, StuckRule } from '../../../src/model/signal-rule.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { freshFor, isAbout, type Past } from './past.ts';
import { heldAgainst, type Word } from './sampled.ts';
import { supplyOf } from './silence.ts';
import type { World } from './world.ts';

/** What is held against a device is over at this share of what began it. */
const OVER = 0.8;

/** A value of the field that a rule follows, with what the registry said when it came. */
interface Read {
  ts: number;
  value: number;
  offset: number;
  device: Device;
}

/** Every value by which a rule goes as it is now, each newer than the one before. */
function readsOf(past: Past, rule: SignalRule, id: string): readonly Read[] {
  return past.once(rule, id, () => lookUp(past, rule, id));
}

function lookUp(past: Past, rule: SignalRule, id: string): Read[] {
  const since = past.inForceSince(rule);
  const reads: Read[] = [];
  for (const record of past.samples(id)) {
    if (record.offset <= since) continue;
    const read = past.annals.once(rule, record, () => readIn(past.asOf(record.offset), rule, record));
    if (read !== null && read.ts !== reads.at(-1)?.ts) reads.push(read);
  }
  return reads;
}

function readIn(past: Past, rule: SignalRule, { sample, at, offset }: SampleRecord): Read | null {
  const { ts, values, deviceTs } = sample;
  const device = past.device(sample.device);
  const value = values[rule.of];
  if (device === null || !isAbout(rule, device) || typeof value !== 'number') return null;
  if (past.samples(device.id).some((one) => one.offset < offset && one.sample.ts > ts)) return null;
  if (past.rest(rule, device, ts) !== null || past.isMaintained(device, at)) return null;
  // A time that the gate had to make up says nothing of how fast something was.
  if (deviceTs !== undefined && (rule.type === 'change' || rule.type === 'counter')) return null;
  return { ts, value, offset, device };
}

/** What a sample says by a rule, and what is found of its device by it; null where it is not read. */
export function findingOf(
  world: World,
  rule: SignalRule,
  record: SampleRecord,
): { word: Word; verdict: Verdict } | null {
  const { past } = world;
  const reads = readsOf(past, rule, record.sample.device);
  const last = reads.at(-1);
  if (last === undefined || last.offset !== record.offset) return null;
  const isHeld = heldAgainst(world, rule, last.device) !== undefined;
  const verdict = verdictBy(past, rule, reads, last, isHeld);
  return { verdict, word: verdict === 'breach' ? 'bad' : verdict === 'ok' ? 'good' : null };
}

function verdictBy(past: Past, rule: SignalRule, reads: readonly Read[], last: Read, isHeld: boolean): Verdict {
  if (rule.type === 'change') return changed(rule, reads);
  if (rule.type === 'counter') return counted(rule, reads, last, isHeld);
  if (rule.type === 'drift') return drifted(rule, reads, last, isHeld);
  if (rule.type === 'stuck') return stuck(past, rule, reads, last, isHeld);
  throw new Error(`the model knows no rule of type ${rule.type}`);
}

/** From sample to sample: a change begins, and is over when half of it is back or the new level has stood for long. */
function changed(rule: ChangeRule, reads: readonly Read[]): Verdict {
  const size = (from: number, to: number) =>
    rule.direction === 'either' ? Math.abs(to - from) : rule.direction === 'down' ? from - to : to - from;
  let left: { level: number; ts: number } | null = null;
  let verdict: Verdict = 'unknown';
  for (const [index, { ts, value }] of reads.entries()) {
    const recent = reads.slice(Math.max(0, index - rule.samples), index);
    if (left !== null) {
      const { level } = left;
      const furthest = Math.max(rule.by, ...recent.map((one) => size(level, one.value)));
      const isOver = ts - left.ts >= rule.settles || size(level, value) <= furthest / 2;
      verdict = isOver ? 'ok' : 'breach';
      if (isOver) left = null;
      continue;
    }
    verdict = 'unknown';
    const near = recent.filter((one) => ts - one.ts <= rule.within);
    if (recent.length < rule.samples / 2 || near.length === 0) continue;
    const steps = recent.slice(1).map((one, at) => Math.abs(one.value - (recent[at] as Read).value));
    // 1.4826 median absolute deviations are a standard deviation, where a thing scatters normally.
    const least = Math.max(rule.by, rule.times * 1.4826 * median(steps));
    const from = near.reduce((furthest, one) =>
      size(one.value, value) > size(furthest.value, value) ? one : furthest,
    );
    verdict = size(from.value, value) >= least ? 'breach' : 'ok';
    if (verdict === 'breach') left = { level: from.value, ts };
  }
  return verdict;
}

/** A counter against what it had reached, or against what can flow in the time. Another meter begins anew. */
function counted(rule: CounterRule, reads: readonly Read[], last: Read, isHeld: boolean): Verdict {
  const meterOf = ({ device }: Read) => (rule.meter === undefined ? undefined : device.attributes[rule.meter]);
  const most = rule.most === undefined ? undefined : withLimits(last.device)[rule.most];
  if (rule.finds === 'impossible' && typeof most !== 'number') return 'idle';
  const replaced = reads.findLastIndex((read) => meterOf(read) !== meterOf(last));
  const own = reads.slice(replaced + 1);
  const before = own.at(-2);
  if (before === undefined) return isHeld ? 'ok' : 'unknown';
  // One sample alone may be a slip: what two in a row say was reached.
  const reached = Math.max(...own.slice(1).map(({ value }, at) => Math.min(value, (own[at] as Read).value)));
  if (rule.finds === 'backwards') return last.value < reached - rule.tolerance ? 'breach' : 'ok';
  const hours = (last.ts - before.ts) / 3_600_000;
  return last.value - before.value > Number(most) * hours + rule.tolerance ? 'breach' : 'ok';
}

/** How far a field lies from its baseline: the one that is stated, else the mean of the time of learning. */
function drifted(rule: DriftRule, reads: readonly Read[], last: Read, isHeld: boolean): Verdict {
  const stated = rule.baseline === undefined ? undefined : withLimits(last.device)[rule.baseline];
  const first = reads[0] as Read;
  const learned = reads.findIndex(
    ({ ts, device }, index) =>
      index > 0 && ts - first.ts >= rule.learn && index + 1 >= rule.learn / (device.sampleInterval * 1_000) / 2,
  );
  const sum = reads.slice(0, learned + 1).reduce((all, { value }) => all + value, 0);
  const baseline = typeof stated === 'number' ? stated : learned < 0 ? null : sum / (learned + 1);
  if (baseline === null) return 'unknown';
  return Math.abs(last.value - baseline) > (isHeld ? OVER : 1) * rule.above ? 'breach' : 'ok';
}

/** A sensor stands still while others of its network node move. */
function stuck(past: Past, rule: StuckRule, reads: readonly Read[], { ts, device }: Read, isHeld: boolean): Verdict {
  const isStill = (list: readonly Read[]) => scatter(list.slice(-rule.samples)) < rule.resolution;
  if (reads.length < rule.samples) return 'unknown';
  if (!isStill(reads)) return 'ok';
  if (isHeld) return 'breach';
  const moving = past.devices().filter((other) => {
    if (other.id === device.id || other.retiredAt !== null) return false;
    if (device.parent === null || other.parent !== device.parent || !past.isInService(other, ts)) return false;
    const list = readsOf(past, rule, other.id);
    const isAround = Math.abs((list.at(-1)?.ts ?? Number.NaN) - ts) <= freshFor(other);
    return isAround && list.length >= rule.samples && !isStill(list);
  });
  return moving.length >= rule.neighbours ? 'breach' : 'idle';
}

/** How a device stands at `at`. */
export function verdictOf(world: World, rule: SignalRule, device: Device, at: number): Verdict {
  const { past, found } = world;
  if (past.rest(rule, device, at) !== null) return 'idle';
  const fresh = freshFor(device);
  if (past.quiet(device.id, at) > fresh) return supplyOf(world, device, at).isSupplied ? 'silent' : 'idle';
  const last = readsOf(past, rule, device.id).at(-1);
  if (last === undefined || at - last.ts > fresh) return 'unknown';
  return heldAgainst(world, rule, device) === undefined
    ? (found.get(`${rule.id} ${last.offset}`) ?? 'unknown')
    : 'breach';
}

/** Time of the newest value that was read; null before there was one. */
export function judgedAt(past: Past, rule: SignalRule, { id }: Device): number | null {
  return readsOf(past, rule, id).at(-1)?.ts ?? null;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = 0, lower = 0] = [sorted[middle], sorted[sorted.length % 2 === 1 ? middle : middle - 1]];
  return (upper + lower) / 2;
}

/** Standard deviation. */
function scatter(reads: readonly Read[]): number {
  const mean = reads.reduce((sum, { value }) => sum + value, 0) / reads.length;
  return Math.sqrt(reads.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / reads.length);
}
