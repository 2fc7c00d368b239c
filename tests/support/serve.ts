/*
 * The service as a process of its own, with what only a test may ask of it:
 *   TOWNPULSE_TEST_KILL_AT="append.before:37"   ends itself by SIGKILL as it passes that point for the 37th time
 *   TOWNPULSE_TEST_NO_SYNC=1                    opens the store without syncing, to see that the tests notice
 */
import { startService } from '../../src/app.ts';
import { loadSettings } from '../../src/config/load.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { noPoint, POINTS, type Point } from '../../src/kernel/points.ts';

const { settings } = loadSettings(process.env);
const log = createLogger(settings.logLevel);
const service = await startService(settings, {
  trial: null,
  log,
  point: killAt(process.env.TOWNPULSE_TEST_KILL_AT),
  sync: process.env.TOWNPULSE_TEST_NO_SYNC !== '1',
});
process.once('SIGTERM', () => {
  void service.stop().then((problems) => {
    for (const problem of problems) console.error(problem);
    process.exit(problems.length === 0 ? 0 : 1);
  });
});
console.log(`ready http://${settings.host}:${service.httpPort} mqtt://${settings.host}:${service.mqttPort}`);

function killAt(wish: string | undefined): Point {
  if (wish === undefined) return noPoint;
  const [name, pass] = wish.split(':');
  let left = Number(pass);
  if (!POINTS.some((point) => point === name) || !(left >= 1)) throw new Error(`no such point: ${wish}`);
  return (passed) => {
    if (passed === name && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
