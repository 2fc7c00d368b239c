import { afterAll, beforeAll, describe } from 'vitest';
import { noPoint } from '../../src/kernel/points.ts';
import { ROLL_UP_KINDS, rollUpsContract } from '../contract/history-rollups.ts';
import { InfluxPlaces } from '../support/influx-history.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';

describe.each(INFLUX_VERSIONS)('figures of readings in %s', (version) => {
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

    rollUpsContract(
      (place, point = noPoint) => places.at(place, ROLL_UP_KINDS, { origin: -8 * 3_600_000, point }),
      () => places.newPlace(),
      async (place, kind, name) => {
        const { bucket } = await places.address(place);
        const series = await server.ask(`SELECT * FROM "${kind}_${name}" GROUP BY "area", "device"`, bucket);
        const buckets = series.flatMap(({ tags = {}, columns, values }) =>
          values.map((cells) => {
            const row = Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
            const { time, organisation: _organisation, revision, ...figures } = row;
            return {
              ...{ ts: Number(time), device: tags.device ?? '', area: tags.area ?? '', revision: Number(revision) },
              figures: Object.fromEntries(
                Object.entries(figures).flatMap(([key, value]) => (value === null ? [] : [[key, Number(value)]])),
              ),
            };
          }),
        );
        const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
        return buckets.sort((a, b) => a.ts - b.ts || order(a.device, b.device) || order(a.area, b.area));
      },
    );
  });
});
