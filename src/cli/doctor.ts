import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadSettings, type SettingInForce } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { messageOf, TownError } from '../kernel/errors.ts';
import { STORE_FILE } from '../kernel/store.ts';
import { checkRulebookFile, halfCopyIn, probeHistory } from '../offline.ts';
import { type ClientOptions, clientCommand, tokenOf } from './client.ts';
import { checkDataDirectory, runningOn } from './doctor/data-directory.ts';
import { type Finding, fine, wrong } from './doctor/finding.ts';
import { checkHistory, checkKept, type HistoryWishes } from './doctor/history.ts';
import { checkNode } from './doctor/node.ts';
import { checkPorts } from './doctor/ports.ts';
import { checkService } from './doctor/service.ts';

/** `townpulse doctor` */
export function doctorCommand(): Command {
  return clientCommand(
    'doctor',
    'says what is wrong with this installation and what to do; exit code 1 if anything is',
    'doctor',
  ).action(async (options: ClientOptions) => {
    const findings = await examine(options, process.env);
    const ok = findings.every((finding) => finding.ok);
    if (options.json) console.log(JSON.stringify({ ok, findings }, null, 2));
    else print(findings);
    if (!ok) process.exitCode = 1;
  });
}

/** Everything that was looked at, in order. */
async function examine(options: ClientOptions, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const node = checkNode();
  const dataDir = options.dataDir ?? demoDirectory(env);
  let settings: Settings;
  let inForce: readonly SettingInForce[];
  try {
    ({ settings, inForce } = loadSettings(env, { dataDir }));
  } catch (error) {
    return [node, ...problemsOf('settings', error, 'correct them; townpulse config shows what is in force')];
  }
  const pid = runningOn(settings.dataDir);
  const doors = [
    { name: 'HTTP', port: settings.http.port, variable: 'TOWNPULSE_HTTP_PORT' },
    { name: 'MQTT', port: settings.mqtt.port, variable: 'TOWNPULSE_MQTT_PORT' },
  ];
  const server = await probeHistory(settings.history);
  return [
    node,
    ...checkSecrets(inForce, env),
    ...checkTown(settings),
    ...(await checkDataDirectory(settings.dataDir, settings.disk.floor)),
    ...(await checkPorts(settings.host, doors, pid !== null)),
    ...(await checkRunning(settings, options, env, pid)),
    checkKept(settings.history.retention.raw),
    ...(server === null ? [] : checkHistory(server, wishesOf(settings, inForce))),
  ];
}

/** That a secret is given twice is right, and seldom meant. */
function checkSecrets(inForce: readonly SettingInForce[], env: NodeJS.ProcessEnv): Finding[] {
  const twice = inForce.filter(({ secret, source }) => secret && (env[`${source}_FILE`] ?? '') !== '');
  if (twice.length === 0) return [fine('settings', 'nothing wrong with them')];
  return twice.map(({ source }) =>
    wrong(
      'settings',
      `${source} and ${source}_FILE are both set, and ${source} is used`,
      'unset the one that is not meant',
    ),
  );
}

/** What the server of the history must go with. */
function wishesOf({ history }: Settings, inForce: readonly SettingInForce[]): HistoryWishes {
  const { token } = history.influx;
  const shown = token === undefined ? ['username', 'password'] : ['token'];
  const sources = shown.flatMap((name) => inForce.find(({ path }) => path === `history.influx.${name}`)?.source ?? []);
  const { raw, fiveMinutes, hour, day } = history.retention;
  const kept = [raw, fiveMinutes, hour, day].map((ms) => ms ?? Number.POSITIVE_INFINITY);
  return { credentials: sources.filter((source) => source !== 'default'), keep: Math.max(...kept) };
}

/** The demo's data directory, where nobody names one and only that one is there. */
function demoDirectory(env: NodeJS.ProcessEnv): string | undefined {
  if (env.TOWNPULSE_DATA_DIR !== undefined || existsSync(join('data', STORE_FILE))) return undefined;
  return existsSync(join('data/demo', STORE_FILE)) ? 'data/demo' : undefined;
}

function checkTown(settings: Settings): Finding[] {
  try {
    const { rules, problems, path } = checkRulebookFile(settings, undefined);
    if (problems.length === 0) return [fine('town', `${settings.town}: ${rules} rules, nothing wrong`)];
    return problems.map((problem) =>
      wrong('town', `${problem.path}: ${problem.message}`, `correct ${path}; townpulse rules check checks it`),
    );
  } catch (error) {
    return problemsOf('town', error, `correct it, or set TOWNPULSE_TOWN to the town's folder`);
  }
}

async function checkRunning(
  settings: Settings,
  options: ClientOptions,
  env: NodeJS.ProcessEnv,
  pid: number | null,
): Promise<Finding[]> {
  const { dataDir } = settings;
  const named = options.url ?? env.TOWNPULSE_URL;
  const url = named ?? (pid === null ? undefined : read(join(dataDir, 'cli.url')));
  if (url !== undefined) {
    const token = options.token ?? tokenOf(env) ?? read(join(dataDir, 'cli.token'));
    return checkService(url.replace(/\/$/, ''), token);
  }
  if (pid !== null)
    return [
      wrong(
        'service',
        `process ${pid} has not said yet where it listens`,
        'wait until it is ready, or look at its log',
      ),
    ];
  if (!existsSync(join(dataDir, STORE_FILE))) return [fine('service', 'not started yet')];
  const half = await halfCopyIn(settings);
  if (half !== null) {
    const { from, to } = half;
    const todo = `finish it: townpulse history copy --from ${from} --to ${to} and what else it was begun with; or set TOWNPULSE_HISTORY=${from}`;
    return [
      wrong('service', `townpulse does not run, and the history in ${to} is half a copy of the one in ${from}`, todo),
    ];
  }
  return [wrong('service', 'townpulse does not run', 'start it: townpulse start')];
}

function problemsOf(check: string, error: unknown, todo: string): Finding[] {
  if (!(error instanceof TownError) || error.problems.length === 0) return [wrong(check, messageOf(error), todo)];
  return error.problems.map(({ path, message }) => wrong(check, `${path}: ${message}`, todo));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function print(findings: readonly Finding[]): void {
  for (const { check, ok, says, todo } of findings) {
    console.log(`${ok ? 'ok      ' : 'PROBLEM '} ${check.padEnd(14)}  ${says}`);
    if (todo !== null) console.log(`${' '.repeat(25)}→ ${todo}`);
  }
  const wrongs = findings.filter(({ ok }) => !ok).length;
  console.log(wrongs === 0 ? '\nnothing is wrong' : `\n${wrongs} problem${wrongs === 1 ? '' : 's'}`);
}
