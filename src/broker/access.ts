import { parseTelemetryTopic } from '../model/topic.ts';
import type { RefusalReason } from './refused.ts';

/** The registry as the broker needs it. */
export interface DeviceAccess {
  authenticate(id: string, secret: Buffer): 'ok' | 'unknown-device' | 'retired' | 'wrong-secret';
  find(id: string): { kind: string; gateway: string | null } | undefined;
}

/** A topic that somebody may publish on, or why not. */
export type PublishAccess = { ok: true; kind: string; device: string } | { ok: false; reason: RefusalReason };

/**
 * Whether `publisher` may publish on `topic` of `town` (DESIGN.md §6): its own telemetry topic, or as a gateway one of its
 * registered children's. What is wrong inside a message is no matter of access.
 */
export function publishAccess(town: string, publisher: string, topic: string, devices: DeviceAccess): PublishAccess {
  const parsed = parseTelemetryTopic(topic);
  if (parsed === null || parsed.town !== town) return { ok: false, reason: 'bad-topic' };
  const { kind, device } = parsed;
  if (device === publisher) {
    // The connection's own string: every look-up of it finds its hash made already.
    return devices.find(publisher)?.kind === kind
      ? { ok: true, kind, device: publisher }
      : { ok: false, reason: 'wrong-kind' };
  }
  if (devices.find(device)?.gateway === publisher) return { ok: true, kind, device };
  return { ok: false, reason: 'not-your-device' };
}
