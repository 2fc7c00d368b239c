import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, startService } from '../../../src/app.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { silentLogger } from '../../../src/kernel/logger.ts';
import { type Outcome, typed } from './typed.ts';

/** The sample town's service in this process, on free ports and a data directory of its own. */
export interface RunningService extends Service {
  dataDir: string;
  /** Types a command to it, as somebody does who knows no more than its data directory. */
  typed(...words: string[]): Promise<Outcome>;
  /** Types it with `--json`, and gives the one document that it prints. */
  json<T>(...words: string[]): Promise<T>;
  /** Ends it, with its data directory. */
  end(): Promise<void>;
}

export async function runService(): Promise<RunningService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'townpulse-cli-'));
  const env = { TOWNPULSE_DATA_DIR: dataDir, TOWNPULSE_HTTP_PORT: '0', TOWNPULSE_MQTT_PORT: '0' };
  const { settings } = loadSettings(env);
  const service = await startService(settings, { trial: null, log: silentLogger, sync: false });
  const here = { TOWNPULSE_DATA_DIR: dataDir };
  return {
    ...service,
    dataDir,
    typed: (...words) => typed(words, here),
    json: async (...words) => {
      const { code, out, err } = await typed([...words, '--json'], here);
      if (code !== 0 || err !== '') throw new Error(`${words.join(' ')}: exit code ${code}: ${err}`);
      return JSON.parse(out);
    },
    end: async () => {
      await service.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
