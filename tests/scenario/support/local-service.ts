import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoParts, type Service, type ServiceOptions, startService } from '../../../src/app.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/settings.ts';
import { ServiceClient, TOKEN } from '../../support/service-client.ts';
import { KeptLog } from './kept-log.ts';

/** A step of the trial clock, as the demo's history is made. */
const STEP_MS = 60_000;

/** How a test starts the service in its own process. */
export interface LocalOptions extends Partial<Pick<ServiceOptions, 'demo' | 'point'>> {
  /** A trial clock that stands at this instant (ms) until the test steps it, instead of the machine's. */
  at?: number;
  /** A data directory that outlives the service; otherwise it gets one of its own, which goes with it. */
  dataDir?: string;
  /** Environment besides the data directory, ports and token. */
  env?: Record<string, string>;
}

/** The whole service in the test's own process: real sockets on free ports, the house's own start and stop. */
export class LocalService extends ServiceClient {
  readonly service: Service;
  readonly settings: Settings;
  readonly log: KeptLog;
  readonly #leave: () => void;

  private constructor(service: Service, settings: Settings, log: KeptLog, leave: () => void) {
    super(service.httpPort, service.mqttPort);
    this.service = service;
    this.settings = settings;
    this.log = log;
    this.#leave = leave;
  }

  /** Whoever starts it stops it. */
  static async start(options: LocalOptions = {}): Promise<LocalService> {
    const { dataDir, env, at, point, demo = at === undefined ? undefined : standingStill } = options;
    const own = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'townpulse-scenario-')) : null;
    const leave = () => {
      if (own !== null) rmSync(own, { recursive: true, force: true });
    };
    try {
      const { settings } = loadSettings({
        TOWNPULSE_DATA_DIR: dataDir ?? own ?? '',
        TOWNPULSE_HTTP_PORT: '0',
        TOWNPULSE_MQTT_PORT: '0',
        TOWNPULSE_ADMIN_TOKEN: TOKEN,
        ...env,
      });
      const log = new KeptLog();
      const trial = at === undefined ? null : { at, speed: 1 };
      const parts = { ...(demo && { demo }), ...(point && { point }) };
      const service = await startService(settings, { trial, log, ...parts });
      return new LocalService(service, settings, log, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Lets town time pass, ms, a minute at a time, with a tick in each. */
  pass(ms: number): void {
    const { trial } = this.service.clock;
    if (trial === null) throw new Error('this service runs on the machine’s clock');
    for (const end = trial.now() + ms; trial.now() < end; ) trial.stepTo(Math.min(end, trial.now() + STEP_MS));
  }

  /** Stops it in data order. @throws Error when a part did not close */
  async stop(): Promise<void> {
    const problems = await this.service.stop();
    this.#leave();
    if (problems.length > 0) throw new AggregateError(problems, problems.map(String).join('; '));
  }
}

/** What a demo adds, without a town: with a demo the service leaves its clock to others. */
const standingStill: DemoParts = {
  officer: { id: 'test', name: 'test', role: 'duty-officer' },
  progress: () => 'ok',
  isMakingHistory: () => false,
  faults: {
    kinds: () => [],
    running: () => [],
    start: () => {
      throw new Error('no town is simulated here');
    },
    stop: () => false,
  },
};
