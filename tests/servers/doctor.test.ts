import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHistory } from '../../src/cli/doctor/history.ts';
import { probeInflux } from '../../src/history/influx/probe.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { type BucketAddress, hasInflux, INFLUX_VERSIONS, InfluxProcess, influxTitle } from '../support/influxdb.ts';

describe.each(INFLUX_VERSIONS)('the doctor and %s', (version) => {
  describe.skipIf(!hasInflux(version))(influxTitle(version), () => {
    let server: InfluxProcess;
    beforeAll(async () => {
      server = await InfluxProcess.start(version);
    });
    afterAll(() => server.stop());

    const isOne = version.startsWith('1.');
    const wishes = { credentials: ['INFLUX_TOKEN_FILE'], keep: 62 * 86_400_000 };
    const examine = async (address: BucketAddress) => checkHistory(await probeInflux(address, systemClock), wishes);
    const problems = async (address: BucketAddress) => (await examine(address)).filter(({ ok }) => !ok);

    it('finds nothing wrong with a bucket of our own, and writes nothing into it', async () => {
      const address = await server.newBucket();
      const found = await examine(address);
      expect(found.filter(({ ok }) => !ok)).toEqual([]);
      expect(found.map(({ says }) => says)).toEqual([
        `InfluxDB ${version} at ${server.url} answers`,
        'this machine and the InfluxDB agree',
        'its bucket can be written and read',
        'points are kept for ever',
      ]);
      expect(await server.ask('SHOW MEASUREMENTS', address.bucket)).toEqual([]);
    });

    it('tells a wrong token or password', async () => {
      const address = await server.newBucket();
      const stranger = isOne ? { ...address, password: 'guessed' } : { ...address, token: 'guessed' };
      expect(await problems(stranger)).toMatchObject([
        { check: 'history', todo: expect.stringContaining('INFLUX_TOKEN_FILE') },
      ]);
    });

    it('tells a bucket that is not there, or was dropped', async () => {
      const address = await server.newBucket();
      const missing = { check: 'history', todo: expect.stringContaining('INFLUX_BUCKET') };
      expect(await problems({ ...address, bucket: 'elsewhere' })).toMatchObject([missing]);
      await server.dropBucket(address.bucket);
      expect(await problems(address)).toMatchObject([missing]);
    });

    if (!isOne) {
      it('tells an organisation that is not there', async () => {
        const address = { ...(await server.newBucket()), org: 'nobody' };
        expect(await problems(address)).toMatchObject([{ says: expect.stringContaining('"nobody" not found') }]);
      });
    }

    it('tells a bucket that may be written and not read', async () => {
      expect(await problems(await server.newWriteOnlyBucket())).toMatchObject([
        { says: expect.stringContaining('cannot be read'), todo: expect.stringContaining('the right to read') },
      ]);
    });

    it('tells a token or user whose right was taken away', async () => {
      const address = await server.newBucket();
      await server.setAllowed(address, false);
      expect(await problems(address)).not.toEqual([]);
      await server.setAllowed(address, true);
      expect(await problems(address)).toEqual([]);
    });

    it('tells a retention that drops what is to be kept', async () => {
      const address = await server.newBucket();
      await server.setRetention(address.bucket, 48);
      expect(await problems(address)).toMatchObject([
        { check: 'retention', says: expect.stringMatching(/^the bucket drops what is older than 2 days, /) },
      ]);
      await server.setRetention(address.bucket, 62 * 24);
      expect(await problems(address)).toEqual([]);
    });

    it('tells a path under which there is no InfluxDB', async () => {
      const address = await server.newBucket();
      expect(await problems({ ...address, url: `${server.url}/grafana` })).toMatchObject([
        { says: expect.stringContaining('no InfluxDB under /grafana'), todo: expect.stringContaining('INFLUX_URL') },
      ]);
    });

    it('tells https:// where there is no TLS', async () => {
      const address = await server.newBucket();
      expect(await problems({ ...address, url: server.url.replace('http:', 'https:') })).toMatchObject([
        { says: expect.stringMatching(/cannot be reached: what answers there speaks no TLS: write http:\/\/ instead/) },
      ]);
    });

    it('tells one that is down', async () => {
      const address = await server.newBucket();
      await server.kill();
      expect(await problems(address)).toMatchObject([{ says: expect.stringContaining('cannot be reached') }]);
      await server.start();
      expect(await problems(address)).toEqual([]);
    });
  });
});
