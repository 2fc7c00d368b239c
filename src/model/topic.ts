/** The three names in `PUBLISH {town}/{kind}/{device}/telemetry`. */
export interface TelemetryTopic {
  town: string;
  kind: string;
  device: string;
}

const SEGMENT = '([A-Za-z0-9][A-Za-z0-9._-]{0,63})';
const TELEMETRY = new RegExp(`^${SEGMENT}/${SEGMENT}/${SEGMENT}/telemetry$`);

/** Reads a telemetry topic; null when it is anything else. */
export function parseTelemetryTopic(topic: string): TelemetryTopic | null {
  const match = TELEMETRY.exec(topic);
  if (match === null) return null;
  return { town: match[1] as string, kind: match[2] as string, device: match[3] as string };
}

/** The topic that a device publishes on. */
export function telemetryTopic(town: string, kind: string, device: string): string {
  return `${town}/${kind}/${device}/telemetry`;
}
