import type { Metrics } from '../kernel/metrics.ts';

/** What is asked for its figures whenever the metrics are read. */
interface Gauged {
  journal: { end(partition: number): number; liveBytes(): number };
  history: { progress(): { cursor: number; state: 'up' | 'down' | 'slow' } };
  lagSeconds(): number;
  rules: { cursor(): number };
  live: { cursor(): number };
  broker: { connected(): number };
  alerts: { open(): number };
  outbox: { waiting(): number };
}

/** Adds the figures of the stages to the metrics. */
export function addGauges(
  metrics: Pick<Metrics, 'gauge'>,
  { journal, history, lagSeconds, rules, live, broker, alerts, outbox }: Gauged,
): void {
  metrics.gauge('journal_end_offset', 'Offset after the newest record.', () => journal.end(0));
  metrics.gauge('history_cursor_offset', 'Everything before it is in the history.', () => history.progress().cursor);
  metrics.gauge('history_lag_seconds', 'How long the oldest record waits that is not in the history.', lagSeconds);
  metrics.gauge('history_up', '0 while the history is down.', () => (history.progress().state === 'down' ? 0 : 1));
  metrics.gauge('rules_cursor_offset', 'Everything before it is judged.', () => rules.cursor());
  metrics.gauge('live_cursor_offset', 'Everything before it is in the newest values.', () => live.cursor());
  metrics.gauge('journal_live_bytes', 'Bytes that some consumer has not passed.', () => journal.liveBytes());
  metrics.gauge('mqtt_connections', 'Connected MQTT clients.', () => broker.connected());
  metrics.gauge('alerts_open', 'Open alerts.', () => alerts.open());
  metrics.gauge('notices_waiting', 'Notices that nobody was told of yet.', () => outbox.waiting());
}
