import type { Alert } from '../model/alert.ts';
import type { LeakReading } from './api.ts';
import { newestOfEach } from './newest.ts';

/** What a gas detector said last. */
export interface DetectorReading extends LeakReading {
  /** An alert on its leak is open. */
  leaking: boolean;
}

/** The newest word of every detector, the highest concentration first. */
export function highestLeakFirst(readings: readonly LeakReading[], alerts: readonly Alert[]): DetectorReading[] {
  const leaking = leakingDevices(alerts);
  return newestOfEach(readings)
    .map((reading) => ({ ...reading, leaking: leaking.has(reading.device) }))
    .sort((a, b) => b.leak - a.leak || a.device.localeCompare(b.device));
}

/** Devices with an open alert on their leak; a low and a high alarm of one device are one leak. */
export function leakingDevices(alerts: readonly Alert[]): Set<string> {
  return new Set(
    alerts
      .filter(({ subject, values }) => subject.type === 'device' && 'leak' in values)
      .map(({ subject }) => subject.id),
  );
}
