/*
 * The service as a process of its own, with what only a test may ask of it:
 *   TOWNPULSE_TEST_KILL_AT=append.before   ends itself by SIGKILL when it next passes that point after a SIGUSR2
 *   TOWNPULSE_TEST_KILL_LATE=1             …a turn of the event loop later: what was written to sockets is on its way
 *   TOWNPULSE_TEST_UPKEEP_MS=100           wakes the history's upkeep so often from a SIGUSR2 on, and not each minute only
 *   TOWNPULSE_TEST_NO_SYNC=1               opens the store without syncing, to see that the tests notice
 */
import { getTasks } from 'node-cron';
import { startService } from '../../src/app.ts';
import { loadSettings } from '../../src/config/load.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { noPoint, POINTS, type Point, UPKEEP_POINTS } from '../../src/kernel/points.ts';

const { settings } = loadSettings(process.env);
const log = createLogger(settings.logLevel);
const service = await startService(settings, {
  trial: null,
  log,
  point: killAt(process.env.TOWNPULSE_TEST_KILL_AT),
  sync: process.env.TOWNPULSE_TEST_NO_SYNC !== '1',
});
const pace = process.env.TOWNPULSE_TEST_UPKEEP_MS;
if (pace !== undefined) process.once('SIGUSR2', () => setInterval(wakeUpkeep, Number(pace)));
process.once('SIGTERM', () => {
  void service.stop().then((problems) => {
    for (const problem of problems) console.error(problem);
    process.exit(problems.length === 0 ? 0 : 1);
  });
});
console.log(`ready http://${settings.host}:${service.httpPort} mqtt://${settings.host}:${service.mqttPort}`);

function wakeUpkeep(): void {
  for (const task of getTasks().values()) if (task.name === 'history upkeep') void task.execute();
}

function killAt(name: string | undefined): Point {
  if (name === undefined) return noPoint;
  if (![...POINTS, ...UPKEEP_POINTS].some((point) => point === name)) throw new Error(`no such point: ${name}`);
  let isDue = false;
  process.on('SIGUSR2', () => {
    isDue = true;
  });
  const kill = () => process.kill(process.pid, 'SIGKILL');
  const isLate = process.env.TOWNPULSE_TEST_KILL_LATE === '1';
  return (passed) => {
    if (!isDue || passed !== name) return;
    if (isLate) setImmediate(kill);
    else kill();
  };
}
