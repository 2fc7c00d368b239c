import { expect, it } from 'vitest';
import type { Logger } from '../../src/kernel/logger.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Notice } from '../../src/notify/channel.ts';
import { logChannel } from '../../src/notify/log-channel.ts';

const ALERT: Alert = {
  ...{ id: 'a1', rule: 'feeder-supply', ruleVersion: 'sha256:1', subject: { type: 'parent', id: 'F-1' } },
  ...{ title: { zh: '一号回路：回路停电', en: 'Feeder F-1: Feeder outage' }, severity: 'critical', state: 'firing' },
  ...{ reason: 'held', verdict: 'breach', organisation: 'urban-management', assignee: null },
  ...{
    startedAt: '2026-11-22T12:10:00.000Z',
    receivedAt: '2026-11-22T12:10:00.000Z',
    firedAt: '2026-11-22T12:11:00.000Z',
  },
  ...{ decidedAt: '2026-11-22T12:11:00.000Z', values: { voltage: 0, lamps: 13 }, evidence: [], children: ['L-1'] },
  ...{ inhibitedBy: null, repair: null, resolvedAt: null, clearedValues: null, flapping: false },
};

async function told(event: Notice['event']): Promise<[string, object, string][]> {
  const lines: [string, object, string][] = [];
  const at = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  const channel = logChannel(log);
  expect(channel.name).toBe('log');
  await channel.deliver({ alert: ALERT, event }, 'a1:fired');
  return lines;
}

it.each([
  ['fired', 'warn'],
  ['resolved', 'info'],
  ['closed', 'info'],
] as const)('an alert that %s is one line for people and programs, as a %s', async (event, level) => {
  expect(await told(event)).toEqual([
    [
      level,
      {
        ...{
          alert: 'a1',
          rule: 'feeder-supply',
          subject: 'F-1',
          severity: 'critical',
          organisation: 'urban-management',
        },
        ...{
          values: { voltage: 0, lamps: 13 },
          startedAt: ALERT.startedAt,
          decidedAt: ALERT.decidedAt,
          key: 'a1:fired',
        },
      },
      `${event}: Feeder F-1: Feeder outage (一号回路：回路停电)`,
    ],
  ]);
});
