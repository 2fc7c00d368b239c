import type { Logger } from '../kernel/logger.ts';
import type { Channel, Notice } from './channel.ts';

/** What somebody is to look at. */
const LOUD: readonly Notice['event'][] = ['fired', 'raised', 'flapping'];

/** Of a group so many are named. */
const FIRST = 5;

/** Tells the log: the channel that is always there. */
export function logChannel(log: Logger): Channel {
  return {
    name: 'log',
    deliver: async ({ alerts, event }, key) => {
      const [{ id, rule, subject, severity, organisation, title, values, startedAt, decidedAt }] = alerts;
      const one = { alert: id, rule, subject: subject.id, severity, organisation, values, startedAt, decidedAt, key };
      const first = alerts.slice(0, FIRST).map((alert) => alert.subject.id);
      const many = { alerts: alerts.length, rule, first, severity, organisation, startedAt, decidedAt, key };
      const [told, line] =
        alerts.length === 1 ? [one, `${event}: ${title.en} (${title.zh})`] : [many, `${event}: ${together(alerts)}`];
      if (LOUD.includes(event)) log.warn(told, line);
      else log.info(told, line);
    },
  };
}

/** How many there are, and the first of them by name. */
function together(alerts: Notice['alerts']): string {
  const first = alerts.slice(0, FIRST).map(({ title }) => title);
  const more = alerts.length - first.length;
  const [en, zh] = [first.map((title) => title.en).join('; '), first.map((title) => title.zh).join('；')];
  const rest = more === 0 ? ['', ''] : [`; and ${more} more`, `；另 ${more} 件`];
  return `${alerts.length} alerts: ${en}${rest[0]} (共 ${alerts.length} 件：${zh}${rest[1]})`;
}
