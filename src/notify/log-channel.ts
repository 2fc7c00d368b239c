import type { Logger } from '../kernel/logger.ts';
import type { Channel } from './channel.ts';

/** Tells the log: the channel that is always there. */
export function logChannel(log: Logger): Channel {
  return {
    name: 'log',
    deliver: async ({ alert, event }, key) => {
      const { id, rule, subject, severity, organisation, title, values, startedAt, decidedAt } = alert;
      const told = { alert: id, rule, subject: subject.id, severity, organisation, values, startedAt, decidedAt, key };
      const line = `${event}: ${title.en} (${title.zh})`;
      if (event === 'fired' || event === 'raised') log.warn(told, line);
      else log.info(told, line);
    },
  };
}
