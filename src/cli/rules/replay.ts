import { setTimeout as pause } from 'node:timers/promises';
import { loadSettings } from '../../config/load.ts';
import { TownError } from '../../kernel/errors.ts';
import { replayOffline } from '../../offline.ts';
import type { Tally } from '../../rules/replay/comparison.ts';
import type { ShownReplay, ShownResult } from '../../rules/replay/shown.ts';
import { readRulebookFile } from '../../rules/rulebook-file.ts';
import { Client, type ClientOptions, clientCommand } from '../client.ts';
import { printTable } from '../table.ts';

interface Options extends ClientOptions {
  from: string;
  to: string;
  with?: string;
}

const BAR = 30;
/** Real ms between two looks at a job. */
const LOOK = 500;

/** `townpulse rules replay` */
export function replayCommand() {
  const example = 'rules replay --from 2026-01-01T00:00:00+08:00 --to 2026-01-31T00:00:00+08:00 --with new-rules.yaml';
  return clientCommand(
    'replay',
    'runs a past period through another rulebook; works while no service runs, too',
    example,
  )
    .requiredOption('--from <instant>', 'with its offset')
    .requiredOption('--to <instant>', 'exclusive')
    .option('--with <file>', 'the other rulebook; without it, the rulebooks that were in force')
    .action(run);
}

async function run({ from, to, with: file, ...options }: Options): Promise<void> {
  const text = file === undefined ? null : readRulebookFile(file);
  const result = (await online({ from, to, text }, options)) ?? (await offline({ from, to, text }, options));
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else print(result);
}

interface Asked {
  from: string;
  to: string;
  text: string | null;
}

/** Asks the running service; null where none runs on this data directory. */
async function online({ from, to, text }: Asked, options: ClientOptions): Promise<ShownResult | null> {
  let client: Client;
  let job: ShownReplay;
  try {
    client = new Client(options);
    job = await client.ask('POST', '/rules/replay', { from, to, ...(text === null ? {} : { rulebook: text }) });
  } catch (error) {
    const isNobodyThere =
      error instanceof TownError && (error.code === 'unavailable' || error.code === 'config-invalid');
    // Who names an address means that one.
    if (isNobodyThere && options.url === undefined && process.env.TOWNPULSE_URL === undefined) return null;
    throw error;
  }
  let isCalledOff = false;
  const onSignal = () => {
    isCalledOff = true;
  };
  process.once('SIGINT', onSignal);
  try {
    while (job.state === 'running') {
      draw(job.progress);
      await pause(LOOK);
      // Who goes away leaves nothing running that nobody waits for, and that keeps others from theirs.
      job = await client.ask(isCalledOff ? 'DELETE' : 'GET', `/rules/replay/${job.id}`);
    }
  } finally {
    process.off('SIGINT', onSignal);
    draw(null);
  }
  if (job.result === null) throw new TownError('unavailable', `the replay was ${job.state}: ${job.error}`);
  return job.result;
}

/** Opens the data directory itself. */
async function offline({ from, to, text }: Asked, { dataDir }: ClientOptions): Promise<ShownResult> {
  const period = { from: instantOf('--from', from), to: instantOf('--to', to) };
  if (period.from >= period.to) throw new TownError('invalid', `--from ${from} is not before --to ${to}`);
  const { settings } = loadSettings(process.env, { dataDir });
  const abort = new AbortController();
  const onSignal = () => abort.abort(new TownError('unavailable', 'called off'));
  process.once('SIGINT', onSignal);
  try {
    return await replayOffline(settings, { ...period, text }, { progress: draw, signal: abort.signal });
  } finally {
    process.off('SIGINT', onSignal);
    draw(null);
  }
}

function instantOf(option: string, text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/[zZ]|[+-]\d{2}:\d{2}$/.test(text))
    throw new TownError(
      'invalid',
      `${option} ${text}: write an instant with its offset, such as 2026-01-15T20:00:00+08:00`,
    );
  return at;
}

/** Draws how far it is, where somebody looks; null wipes it off. */
function draw(share: number | null): void {
  if (!process.stderr.isTTY) return;
  const full = Math.round((share ?? 0) * BAR);
  const bar = share === null ? '' : `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${Math.floor(share * 100)} %`;
  process.stderr.write(`\r\u001b[K${bar}`);
}

function print({ notes, samples, total, bySeverity, byOrganisation, byRule, alerts, more }: ShownResult): void {
  for (const { zh, en } of notes) console.log(`${en}\n${zh}\n`);
  const row = (name: string, { was, would, fired, missed, earlier, later }: Tally) => [
    ...[name, was, would, fired, missed, earlier, later],
  ];
  const part = (title: string, tallies: Record<string, Tally>) => {
    const rows = Object.entries(tallies).sort(([a], [b]) => (a < b ? -1 : 1));
    printTable(
      [title, 'were', 'would be', 'new', 'missed', 'earlier', 'later'],
      rows.map(([name, tally]) => row(name, tally)),
    );
    console.log('');
  };
  part('organisation', byOrganisation);
  part('severity', bySeverity);
  part('rule', byRule);
  if (alerts.length > 0)
    printTable(
      ['what', 'was', 'would be', 'severity', 'organisation', 'rule', 'subject'],
      alerts.map((alert) => [
        ...[alert.difference === 'fired' ? 'new' : alert.difference, alert.was, alert.would, alert.severity],
        ...[alert.organisation, alert.rule, alert.subject.id],
      ]),
    );
  if (more > 0) console.log(`… and ${more} more`);
  const differ = total.fired + total.missed + total.earlier + total.later;
  console.log(`${samples} samples; ${total.was} alerts were, ${total.would} would have been, ${differ} differ`);
}
