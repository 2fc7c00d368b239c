import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flawIn } from '../../dashboards/support/flaws.ts';
import { committedBoards, type Look, lookOf, panelsOf, type Shown, sent } from '../../dashboards/support/grafana.ts';
import { HOUR_MS, local, MINUTE_MS } from '../../simulators/support/town.ts';
import { hasInflux, INFLUX_VERSIONS, InfluxProcess, type InfluxVersion, influxTitle } from '../../support/influxdb.ts';
import { type Day, liveThroughDay } from '../support/simulated-day.ts';

/** Evening to evening: the lamps burn at the end, and something is wrong of every sort. */
const DAY: Day = {
  from: local('2026-11-22T20:30'),
  devices: /^(LC-F0(01|12|41|60)(-00\d)?|WP-00(01|02|13|24|30)|GR-0[16]|GM-00[045]\d|GM-029\d|SP-00[19]|SP-03[37])$/,
  faults: [
    { fault: 'concentrator-loss', target: 'LC-F012', delay: 2 * HOUR_MS, duration: HOUR_MS },
    { fault: 'pressure-drop', target: 'WP-0030', delay: 5 * HOUR_MS, duration: HOUR_MS },
    { fault: 'gas-leak', target: 'GR-01', delay: 8 * HOUR_MS, duration: 30 * MINUTE_MS },
    { fault: 'pressure-drop', target: 'WP-0001', delay: 23 * HOUR_MS, duration: 3 * HOUR_MS },
    { fault: 'gas-leak', target: 'GM-0290', delay: 23 * HOUR_MS, duration: 3 * HOUR_MS },
    { fault: 'feeder-outage', target: 'F-041', delay: 23 * HOUR_MS, duration: 3 * HOUR_MS },
  ],
};

const boards = [...committedBoards()];

for (const version of INFLUX_VERSIONS) {
  describe.skipIf(!hasInflux(version))(`boards over a simulated day in ${influxTitle(version)}`, () =>
    boardsIn(version),
  );
}

function boardsIn(version: InfluxVersion): void {
  let influx: InfluxProcess;
  let bucket: string;
  let all: Look;

  beforeAll(async () => {
    influx = await InfluxProcess.start(version);
    const address = await influx.newBucket();
    bucket = address.bucket;
    const to = await liveThroughDay(influx, address, DAY);
    all = { from: DAY.from, to, chosen: {} };
  });
  afterAll(() => influx?.stop());

  const ask = (panel: Shown, variables: readonly VariableModel[], at: Look) => {
    const { look, interval } = lookOf(panel, at);
    return Promise.all(panel.targets.map(({ query }) => influx.ask(sent(query, variables, look, interval), bucket)));
  };

  it.each(boards)('%s: every panel has what it shows', async (_file, board) => {
    const variables = board.templating.list ?? [];
    const problems: string[] = [];
    for (const panel of panelsOf(board)) {
      const answers = await ask(panel, variables, all).catch((error: Error) => error.message);
      const wrong = typeof answers === 'string' ? answers : flawIn(panel, answers, lookOf(panel, all).interval);
      if (wrong !== null) problems.push(`${panel.title}: ${wrong}`);
    }
    expect(problems).toEqual([]);
  });

  it.each(boards)(
    '%s: every variable offers something, and what is chosen narrows what is shown',
    async (_file, board) => {
      const variables = board.templating.list ?? [];
      const chosen: Record<string, string[]> = {};
      for (const { name, query } of variables) {
        const look = { ...all, chosen };
        const offered = (await influx.ask(sent(String(query), variables, look, 1), bucket)).flatMap(({ values }) =>
          values.map(([, value]) => String(value)),
        );
        expect(offered, `$${name}`).not.toEqual([]);
        chosen[name] = offered.slice(0, 1);
      }
      const narrowed = { ...all, chosen };
      let rows = 0;
      for (const panel of panelsOf(board)) {
        for (const series of (await ask(panel, variables, narrowed)).flat()) {
          const { device } = series.tags ?? {};
          if (device !== undefined && variables.length > 0) expect(chosen.device, panel.title).toContain(device);
          rows += series.values.length;
        }
      }
      expect(rows).toBeGreaterThan(0);
    },
  );

  it('a choice finds the device of that very name', async () => {
    const [, board] = boards.find(([file]) => file === 'en/water.json') as (typeof boards)[number];
    const at = DAY.from - HOUR_MS;
    const lines = ['D.1', 'D-1'].map((id) => `water-pressure,area=town-centre,device=${id} pressure=0.3 ${at}`);
    await influx.write(bucket, lines.join('\n'));
    const panel = panelsOf(board).find(({ title }) => title === 'Pressure by point') as Shown;
    const look = { from: at, to: at + MINUTE_MS, chosen: { area: null, device: ['D.1', 'E|D-1'] } };
    const [series = []] = await ask(panel, board.templating.list ?? [], look);
    expect(series.map(({ tags }) => tags?.device)).toEqual(['D.1']);
  });
}
