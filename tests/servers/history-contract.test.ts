import { afterAll, beforeAll, describe } from 'vitest';
import { historyContract } from '../contract/history.ts';
import { InfluxPlaces } from '../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';

describe.each(INFLUX_VERSIONS)('%s', (version) => {
  describe.skipIf(!hasInflux(version))(influxTitle(version), () => {
    let server: InfluxProcess;
    const places = new InfluxPlaces(() => server.newBucket());
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(async () => {
      await server.stop();
      places.remove();
    });

    historyContract(
      influxTitle(version),
      (place) => places.at(place),
      () => places.newPlace(),
    );
  });
});
