import type { Logger } from '../kernel/logger.ts';
import type { Channel, Notice } from './channel.ts';
import { FIRST, sentenceOf } from './sentence.ts';

/** What somebody is to look at. */
const LOUD: readonly Notice['event'][] = ['fired', 'raised', 'flapping', 'stands'];

/** Tells the log: the channel that is always there. */
export function logChannel(log: Logger): Channel {
  return {
    name: 'log',
    deliver: async ({ alerts, event }, key) => {
      const [{ id, rule, subject, severity, organisation, values, startedAt, decidedAt }] = alerts;
      const one = { alert: id, rule, subject: subject.id, severity, organisation, values, startedAt, decidedAt, key };
      const first = alerts.slice(0, FIRST).map((alert) => alert.subject.id);
      const many = { alerts: alerts.length, rule, first, severity, organisation, startedAt, decidedAt, key };
      const [told, line] = [alerts.length === 1 ? one : many, sentenceOf({ alerts, event })];
      if (LOUD.includes(event)) log.warn(told, line);
      else log.info(told, line);
    },
  };
}
