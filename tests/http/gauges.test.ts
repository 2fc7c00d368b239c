import { expect, it } from 'vitest';
import { addGauges } from '../../src/http/gauges.ts';
import { Metrics } from '../../src/kernel/metrics.ts';

it('the figures of the stages are asked for whenever the metrics are read', async () => {
  const metrics = new Metrics();
  const progress: { cursor: number; state: 'up' | 'down' } = { cursor: 2, state: 'up' };
  addGauges(metrics, {
    journal: { end: () => 3, liveBytes: () => 4 },
    history: { progress: () => progress },
    ...{ lagSeconds: () => 5, rules: { cursor: () => 6 }, live: { cursor: () => 7 } },
    ...{ broker: { connected: () => 8 }, alerts: { open: () => 9 }, outbox: { waiting: () => 10 } },
  });
  const figures = async () => {
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(lines.map((line) => line.replace('townpulse_', '').split(' ')));
  };
  expect(await figures()).toEqual({
    ...{ journal_end_offset: '3', history_cursor_offset: '2', history_lag_seconds: '5', history_up: '1' },
    ...{ rules_cursor_offset: '6', live_cursor_offset: '7', journal_live_bytes: '4', mqtt_connections: '8' },
    ...{ alerts_open: '9', notices_waiting: '10' },
  });
  Object.assign(progress, { cursor: 3, state: 'down' });
  expect(await figures()).toMatchObject({ history_cursor_offset: '3', history_up: '0' });
});
