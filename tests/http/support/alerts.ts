import type { AlertQuery, AlertStory } from '../../../src/http/resources/alerts.ts';
import type { Alert } from '../../../src/model/alert.ts';

/** Alerts in memory. */
export class MemoryAlerts {
  readonly #alerts: Alert[] = [];

  add(fields: Partial<Alert> & Pick<Alert, 'id' | 'startedAt'>): void {
    this.#alerts.push({
      rule: 'low-pressure',
      ruleVersion: 'sha256:5d1c',
      subject: { type: 'device', id: 'WP-0001' },
      title: { zh: '水压偏低', en: 'Low pressure' },
      severity: 'major',
      state: 'firing',
      reason: 'held',
      verdict: 'breach',
      organisation: 'water-company',
      assignee: null,
      receivedAt: fields.startedAt,
      firedAt: fields.startedAt,
      decidedAt: fields.startedAt,
      values: { pressure: 0.118 },
      evidence: [{ device: 'WP-0001', ts: fields.startedAt, values: { pressure: 0.118 } }],
      children: [],
      inhibitedBy: null,
      repair: null,
      resolvedAt: null,
      clearedValues: null,
      flapping: false,
      ...fields,
    });
  }

  list({ states, organisation, severity, rule, subject, limit, after }: AlertQuery): Alert[] {
    const place = (alert: { startedAt: string; id: string }) => `${alert.startedAt} ${alert.id}`;
    return this.#alerts
      .filter((alert) => states?.includes(alert.state) ?? true)
      .filter((alert) => (organisation ?? alert.organisation) === alert.organisation)
      .filter((alert) => (severity ?? alert.severity) === alert.severity)
      .filter((alert) => (rule ?? alert.rule) === alert.rule && (subject ?? alert.subject.id) === alert.subject.id)
      .filter((alert) => after === undefined || place(alert) < place(after))
      .sort((a, b) => (place(a) < place(b) ? 1 : -1))
      .slice(0, limit);
  }

  get(id: string): AlertStory | undefined {
    const alert = this.#alerts.find((one) => one.id === id);
    if (alert === undefined) return undefined;
    const move = { at: alert.startedAt, from: 'pending', to: 'firing', reason: 'held', by: 'rules' } as const;
    const told = { channel: 'log', at: alert.startedAt, outcome: 'sent', reason: null, attempts: 1 } as const;
    return { ...alert, correction: null, history: [move], notifications: [told] };
  }
}
