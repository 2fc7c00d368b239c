import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { ServiceClient } from '../../support/service-client.ts';

/** A device's connection to the service, by mqtt.js. It is not opened again when it is closed; whoever opens it ends it. */
export function connectDevice(
  service: ServiceClient,
  id: string,
  secret: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  return connectAsync(service.mqttUrl, {
    ...{ username: id, password: secret, protocolVersion: 4, reconnectPeriod: 0, ...options },
  });
}

/** As {@link connectDevice}, until the running test ends. */
export async function signIn(...to: Parameters<typeof connectDevice>): Promise<MqttClient> {
  const client = await connectDevice(...to);
  onTestFinished(async () => {
    await client.endAsync(true);
  });
  return client;
}
