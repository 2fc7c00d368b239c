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

async function told(event: Notice['event'], alerts: Notice['alerts'] = [ALERT]): Promise<[string, object, string][]> {
  const lines: [string, object, string][] = [];
  const at = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  const channel = logChannel(log);
  expect(channel.name).toBe('log');
  await channel.deliver({ alerts, event }, 'a1:fired');
  return lines;
}

it.each([
  ['fired', 'warn'],
  ['raised', 'warn'],
  ['flapping', 'warn'],
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

it('that comes and goes no more says whether it is over, or how it stands, in both languages', async () => {
  expect((await told('calmed', [{ ...ALERT, state: 'resolved' }]))[0]?.[2]).toBe(
    'calmed, and over: Feeder F-1: Feeder outage (反复已止，已结束：一号回路：回路停电)',
  );
  const [[level, , line] = []] = await told('stands');
  expect(level).toBe('warn');
  expect(line).toBe(
    'calmed, and still open: Feeder F-1: Feeder outage [firing, critical, since 2026-11-22T12:11:00.000Z, decided by voltage 0, lamps 13] ' +
      '(反复已止，仍未恢复：一号回路：回路停电〔报警中，紧急，自 2026-11-22T12:11:00.000Z 起，判定依据 voltage 0、lamps 13〕)',
  );
  const other: Alert = { ...ALERT, state: 'acknowledged', values: { voltage: 3, lamps: null } };
  expect((await told('stands', [ALERT, other]))[0]?.[2]).toMatch(
    /^calmed, and still open: 2 alerts: .*\[firing, .*; .*\[acknowledged, critical, .*, decided by voltage 3, lamps \?\] \(反复已止，仍未恢复：共 2 件：.*已签收/,
  );
});

it('alerts of a group are one line with their number and the first names', async () => {
  const named = (id: string): Alert => ({
    ...ALERT,
    subject: { type: 'parent', id },
    title: { zh: `${id}：停电`, en: `${id}: Outage` },
  });
  const [first, ...more] = Array.from({ length: 2_000 }, (_, index) => named(`F-${index + 1}`));
  const [[level, fields, line] = []] = await told('fired', [first as Alert, ...more]);
  expect(level).toBe('warn');
  expect(fields).toMatchObject({ alerts: 2_000, rule: 'feeder-supply', first: ['F-1', 'F-2', 'F-3', 'F-4', 'F-5'] });
  expect(line).toBe(
    'fired: 2000 alerts: F-1: Outage; F-2: Outage; F-3: Outage; F-4: Outage; F-5: Outage; and 1995 more (共 2000 件：F-1：停电；F-2：停电；F-3：停电；F-4：停电；F-5：停电；另 1995 件)',
  );
  expect((await told('fired', [first as Alert, more[0] as Alert]))[0]?.[2]).toBe(
    'fired: 2 alerts: F-1: Outage; F-2: Outage (共 2 件：F-1：停电；F-2：停电)',
  );
});
