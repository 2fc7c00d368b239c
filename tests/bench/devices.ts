import { telemetryTopic } from '../../src/model/topic.ts';
import type { Feed } from '../support/connection.ts';
import type { TestDevice } from '../support/service-client.ts';

/** What the devices of the bench are, and where. */
export const KIND = 'water-pressure';
export const TOWN = 'lailong';

/** Pressure points with limits of their own, so that a rule judges every sample. */
export function pressurePoints(count: number): TestDevice[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `WP-${String(index).padStart(5, '0')}`,
    kind: KIND,
    area: 'town-centre',
    organisation: 'water-company',
    attributes: { role: 'end', minPressure: 0.14 },
    secret: `the-secret-of-pressure-point-${index}`,
  }));
}

/** A feed that sends one sample of three fields a message, each with a time of its own. */
export function pressureFeed(device: TestDevice): Feed {
  const begin = Date.now();
  let count = 0;
  return {
    clientId: device.id,
    user: device.id,
    secret: device.secret,
    topic: telemetryTopic(TOWN, KIND, device.id),
    // A device sends less than one a millisecond, so its times run behind the clock, never ahead.
    next: () => {
      const n = count++;
      return `{"ts":${begin + n},"pressure":${(300 + (n % 50)) / 1000},"flow":${(125 + (n % 9)) / 10},"battery":88}`;
    },
  };
}
