import type { Alert, Correction } from '../model/alert.ts';
import { coverageId } from '../model/rule.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Engine } from './engine.ts';
import { ratesOf } from './lamp-rate.ts';
import { judgeRate } from './lamp-target.ts';
import { addTime, BUCKET_MS, meanOf, noTime } from './lighting-record.ts';
import { subjectOf } from './ratio.ts';

/**
 * Whether the record, made from what came in the end, contradicts what an alert about a lighting rate rested on: the whole
 * buckets of its wait, or the first one of what fired at once. It is asked of the record as it stands and changes nothing:
 * the alert was right by what was known. Null where it does not, or cannot tell: of other alerts, of hours that are not made
 * yet, or no longer kept.
 */
export function correctionOf(engine: Engine, checkpoint: Checkpoint, alert: Alert): Correction | null {
  if (alert.firedAt === null) return null;
  const { lighting } = checkpoint;
  const [startedAt, firedAt] = [Date.parse(alert.startedAt), Date.parse(alert.firedAt)];
  const from = Math.ceil(startedAt / BUCKET_MS) * BUCKET_MS;
  const to = Math.max(from + BUCKET_MS, Math.floor(firedAt / BUCKET_MS) * BUCKET_MS);
  const isOver = alert.resolvedAt !== null && Date.parse(alert.resolvedAt) < to;
  if (isOver || to > lighting.madeUntil() || from < lighting.keptFrom()) return null;
  const book = alert.ruleVersion === engine.book.version ? engine.book : engine.read(checkpoint.bookAt(firedAt));
  for (const rule of book.rules) {
    if (rule.type !== 'ratio' || (rule.id !== alert.rule && coverageId(rule) !== alert.rule)) continue;
    const { type, id } = alert.subject;
    for (const group of rule.groupBy) {
      if (subjectOf({ group, id }).type !== type) continue;
      const buckets = [...lighting.between(group, id, from, to)];
      if (buckets.length === 0) continue;
      const sum = noTime();
      for (const bucket of buckets) addTime(sum, bucket);
      const mean = meanOf(sum);
      const { verdict, reason } = judgeRate(rule, { group, id }, mean, checkpoint.townAt(firedAt), true);
      if (verdict === (rule.id === alert.rule ? 'breach' : 'unknown')) return null;
      const { low, high } = ratesOf(mean);
      return { verdict, reason, low, high, revision: Math.max(...buckets.map(({ revision = 1 }) => revision)) };
    }
  }
  return null;
}
