import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { ServiceClient } from '../../support/service-client.ts';

/** A device's connection to the service, by mqtt.js; gone when the running test ends. */
export async function signIn(
  service: ServiceClient,
  id: string,
  secret: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const client = await connectAsync(service.mqttUrl, {
    ...{ username: id, password: secret, protocolVersion: 4, reconnectPeriod: 0, ...options },
  });
  onTestFinished(async () => {
    await client.endAsync(true);
  });
  return client;
}
