import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { DEVICES_FOLDER, local, MINUTE_MS, TOWN_FOLDER } from '../simulators/support/town.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { LocalService } from './support/local-service.ts';
import { signIn } from './support/signed-in.ts';

const DRAIN_LEVEL = `
id: drain-level
name: { zh: 排水液位计, en: Drain level gauge }
reportInterval: 300
fields:
  level: { type: number, unit: m, range: [0, 20], name: { zh: 液位, en: Level } }
  coverOpen: { type: boolean, name: { zh: 井盖开启, en: Cover open } }
attributes:
  alarmLevel: { type: number, unit: m, name: { zh: 警戒液位, en: Alarm level } }
`;

const DRAIN_RULE = `
- id: drain-high
  type: threshold
  kind: drain-level
  name: { zh: 排水液位过高, en: Drain level high }
  when: level > attributes.alarmLevel && !coverOpen
  clear: level < attributes.alarmLevel - 0.2
  for: 5m
  severity: major
`;

it('a kind that is one YAML file, without a line of code: taken in, stored, asked for, and judged by a rule in CEL', async () => {
  const folder = temporaryFolder();
  const [devices, town] = [join(folder, 'devices'), join(folder, 'town')];
  cpSync(DEVICES_FOLDER, devices, { recursive: true });
  cpSync(TOWN_FOLDER, town, { recursive: true });
  writeFileSync(join(devices, 'drain-level.yaml'), DRAIN_LEVEL);
  appendFileSync(join(town, 'rules.yaml'), DRAIN_RULE);
  const start = local('2026-07-10T09:00');
  const service = await LocalService.start({
    at: start,
    env: { TOWNPULSE_DEVICES: devices, TOWNPULSE_TOWN: town },
  });
  onTestFinished(() => service.stop());

  const { credentials } = await service.api<{ credentials: { secret: string } }>('/devices', {
    ...{ id: 'DL-0001', kind: 'drain-level', name: { zh: '东沟', en: 'East ditch' } },
    ...{ area: 'town-centre', organisation: 'urban-management', attributes: { alarmLevel: 1.5 } },
  });
  const gauge = await signIn(service, 'DL-0001', credentials.secret);
  const say = async (values: object) => {
    const ts = service.service.clock.clock.now();
    await gauge.publishAsync('lailong/drain-level/DL-0001/telemetry', JSON.stringify({ ts, ...values }), { qos: 1 });
    await service.drained();
  };
  const alerts = async () => {
    const { items } = await service.api<{ items: Alert[] }>('/alerts?rule=drain-high');
    return items.map(({ state, values }) => [state, values.level]);
  };
  // Each line: minutes from the start, what is reported, and how the alert then stands.
  const timeline: [number, object, unknown[]][] = [
    [0, { level: 1.2, coverOpen: false }, []],
    [5, { level: 1.7, coverOpen: true }, []],
    [10, { level: 1.7, coverOpen: false }, [['pending', 1.7]]],
    [15, { level: 1.9, coverOpen: false }, [['firing', 1.7]]],
    [20, { level: 1.4, coverOpen: false }, [['firing', 1.7]]],
    [25, { level: 1.2, coverOpen: false }, [['resolved', 1.7]]],
  ];
  for (const [minute, values, stands] of timeline) {
    service.pass(start + minute * MINUTE_MS - service.service.clock.clock.now());
    await say(values);
    expect([minute, await alerts()]).toEqual([minute, stands]);
  }

  expect(await service.api('/devices/DL-0001/latest')).toMatchObject({
    ...{ kind: 'drain-level', values: { level: 1.2, coverOpen: false }, online: true, verdict: 'ok' },
  });
  const to = new Date(start + 60 * MINUTE_MS).toISOString();
  const query = `device=DL-0001&metric=level&from=${new Date(start).toISOString()}&to=${to}`;
  const { items } = await service.api<{ items: { ts: string; level: number }[] }>(`/readings?${query}`);
  const minuteOf = ({ ts }: { ts: string }) => (Date.parse(ts) - start) / MINUTE_MS;
  expect(items.map(minuteOf)).toEqual([0, 5, 10, 15, 20, 25]);
  expect(items.map(({ level }) => level)).toEqual([1.2, 1.7, 1.7, 1.9, 1.4, 1.2]);
  const hour = await service.api<{ items: object[] }>(`/readings?${query}&bucket=1h&agg=max,count`);
  expect(hour.items).toMatchObject([{ max: 1.9, count: 6 }]);
  const { byKind, balanced } = await service.ledger();
  expect(byKind['drain-level']).toMatchObject({ received: 6, stored: 6, rejected: 0 });
  expect(balanced).toBe(true);
});
