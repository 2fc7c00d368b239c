import type { Alert } from '../../../src/model/alert.ts';
import { instant } from '../../../src/model/primitives.ts';
import type { Scene } from './fixture-town.ts';

function alert(fields: Partial<Alert> & Pick<Alert, 'id' | 'rule' | 'title' | 'subject' | 'startedAt'>): Alert {
  return {
    ruleVersion: 'sha256:5d1c',
    severity: 'major',
    state: 'firing',
    reason: 'held',
    verdict: 'breach',
    organisation: 'urban-management',
    assignee: null,
    receivedAt: fields.startedAt,
    firedAt: fields.startedAt,
    decidedAt: fields.startedAt,
    values: {},
    evidence: [],
    children: [],
    inhibitedBy: null,
    repair: null,
    resolvedAt: null,
    clearedValues: null,
    flapping: false,
    ...fields,
  };
}

function leakAlert(device: string, level: 'low' | 'high', leak: number, startedAt: string): Alert {
  const high = level === 'high';
  return alert({
    id: `gas-${device}-${level}`,
    rule: `gas-leak-${level}`,
    title: high
      ? { zh: '燃气泄漏高报（≥50 %LEL）', en: 'Gas leak at or above 50 %LEL' }
      : { zh: '燃气泄漏低报（≥25 %LEL）', en: 'Gas leak at or above 25 %LEL' },
    subject: { type: 'device', id: device },
    organisation: 'gas-company',
    severity: high ? 'critical' : 'major',
    startedAt,
    values: { leak },
    evidence: [{ device, ts: startedAt, values: { leak } }],
  });
}

/** Alerts that are open in a scene, `now` in ms. */
export function openAlerts(scene: Scene, now: number): Alert[] {
  const ago = (minutes: number) => instant(now - minutes * 60_000);
  if (scene === 'silent') {
    return Array.from({ length: 15 }, (_, index) =>
      alert({
        id: `s${index}`,
        rule: 'concentrator-silent',
        title: { zh: '集中器失联（灯况未知）', en: 'Concentrator silent, lamps unknown' },
        subject: { type: 'device', id: `LC-${String(index * 11 + 3).padStart(4, '0')}` },
        severity: 'minor',
        verdict: 'silent',
        startedAt: ago(20 + index),
        values: { silentSeconds: 1_215, reportInterval: 300 },
      }),
    );
  }
  if (scene !== 'breach') return [];
  return [
    ...[4, 27, 50, 73].map((index) =>
      alert({
        id: `f${index}`,
        rule: 'feeder-supply',
        title: { zh: '回路停电', en: 'Feeder outage' },
        subject: { type: 'parent', id: `F-${String(index + 1).padStart(3, '0')}` },
        severity: 'critical',
        startedAt: ago(6),
        values: { voltage: 0 },
        evidence: [
          { device: `LC-${String(index + 1).padStart(4, '0')}`, ts: ago(6), values: { voltage: 0, lampsLit: 0 } },
        ],
      }),
    ),
    alert({
      id: 'rate',
      rule: 'lighting-rate',
      title: { zh: '亮灯率低于97%', en: 'Lighting rate below 97 %' },
      subject: { type: 'town', id: 'lailong' },
      startedAt: ago(4),
      values: { low: 0.9464, high: 0.9464, expected: 3040, lit: 2877, unknown: 0 },
    }),
    alert({
      id: 'water',
      rule: 'low-pressure',
      title: { zh: '水压偏低', en: 'Low pressure' },
      subject: { type: 'device', id: 'WP-0007' },
      organisation: 'water-company',
      state: 'acknowledged',
      startedAt: ago(95),
      values: { pressure: 0.118 },
      evidence: [{ device: 'WP-0007', ts: ago(85), values: { pressure: 0.118 } }],
    }),
    leakAlert('GR-0002', 'high', 61.4, ago(2)),
    leakAlert('GM-0008', 'high', 72.5, ago(8)),
    leakAlert('GM-0008', 'low', 72.5, ago(9)),
  ];
}

/** Alerts that were resolved before any scene, `now` in ms. */
export function resolvedAlerts(now: number): Alert[] {
  const ago = (minutes: number) => instant(now - minutes * 60_000);
  return [
    alert({
      id: 'r1',
      rule: 'low-pressure',
      title: { zh: '水压偏低', en: 'Low pressure' },
      subject: { type: 'device', id: 'WP-0012' },
      organisation: 'water-company',
      state: 'resolved',
      verdict: 'ok',
      startedAt: ago(160),
      resolvedAt: ago(40),
      values: { pressure: 0.171 },
    }),
    alert({
      id: 'r2',
      rule: 'feeder-supply',
      title: { zh: '回路停电', en: 'Feeder outage' },
      subject: { type: 'parent', id: 'F-031' },
      severity: 'critical',
      state: 'resolved',
      verdict: 'ok',
      startedAt: ago(1_500),
      resolvedAt: ago(1_440),
      values: { voltage: 231.2 },
    }),
  ];
}
