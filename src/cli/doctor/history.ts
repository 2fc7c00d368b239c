import { type Finding, fine, wrong } from './finding.ts';

/** What a server that keeps the history says of itself, of our right to it, and of our place on it. */
export interface HistoryServer {
  /** Its address, and its version where it says one. */
  url: string;
  version: string | null;
  /** Why it cannot be reached; null when it can, and then the rest is known. */
  unreachable: string | null;
  /** Its clock minus ours, ms; null when it does not tell. */
  clockOffset: number | null;
  /** What it says to a write of nothing, and to a question; null when it takes them. */
  write: Refusal | null;
  read: Refusal | null;
  /** How long it keeps points, ms; Infinity for ever, null when it does not tell. */
  retention: number | null;
}

/** A question that was not answered as hoped. */
export interface Refusal {
  why: 'credentials' | 'missing' | 'forbidden' | 'other';
  /** In the server's own words. */
  words: string;
}

/** What the settings say that a server must go with. */
export interface HistoryWishes {
  /** Where what we show to the server came from: variables, or places in a file; none where nothing is shown. */
  credentials: readonly string[];
  /** For how long something is to be kept there, ms; Infinity for ever. */
  keep: number;
}

/** A device's clock may be 5 minutes off (DESIGN.md §4), a server's not: what it drops by age, it drops by its own. */
const CLOCK_MS = 5_000;
const DAY_MS = 86_400_000;
/** The report of a month is made until the end of the next one. */
export const REPORTS_NEED_MS = 62 * DAY_MS;

const ADVICE: Record<Exclude<Refusal['why'], 'credentials'>, string> = {
  missing:
    'make the bucket (influx bucket create) or database (CREATE DATABASE), or correct INFLUX_BUCKET and INFLUX_ORG',
  forbidden: 'give the token or user the right to read and to write the bucket',
  other: 'look at the log of the InfluxDB',
};

/** Whether a history's server can be worked with. */
export function checkHistory(server: HistoryServer, { credentials, keep }: HistoryWishes): Finding[] {
  const { url, version, unreachable, clockOffset, write, read, retention } = server;
  if (unreachable !== null) {
    return [
      wrong(
        'history',
        unreachable,
        'start the InfluxDB, or correct INFLUX_URL; readings wait in the journal meanwhile',
      ),
    ];
  }
  return [
    fine('history', `InfluxDB ${version ?? '(of a version that it does not tell)'} at ${url} answers`),
    checkClock(clockOffset),
    ...checkRights(write, read, credentials),
    ...(write === null && read === null ? [checkRetention(retention, keep)] : []),
  ];
}

function checkClock(offset: number | null): Finding {
  if (offset === null) return fine('clock', 'the InfluxDB does not tell its time');
  const seconds = Math.round(Math.abs(offset) / 1_000);
  if (Math.abs(offset) <= CLOCK_MS) return fine('clock', 'this machine and the InfluxDB agree');
  const says = `the clock of the InfluxDB is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} this machine's`;
  return wrong('clock', says, 'let both follow a time server (timedatectl set-ntp true)');
}

function checkRights(write: Refusal | null, read: Refusal | null, credentials: readonly string[]): Finding[] {
  if (write === null && read === null) return [fine('history', 'its bucket can be written and read')];
  const refusals = [
    ...(write === null ? [] : [{ what: 'written', ...write }]),
    // What the write fails of, the question fails of too.
    ...(read === null || write?.why === read.why || write?.why === 'missing' ? [] : [{ what: 'read', ...read }]),
  ];
  return refusals.map(({ what, why, words }) =>
    wrong(
      'history',
      `its bucket cannot be ${what}: ${words}`,
      why === 'credentials' ? adviceOn(credentials) : ADVICE[why],
    ),
  );
}

function adviceOn(credentials: readonly string[]): string {
  if (credentials.length === 0) return 'set INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD';
  return `correct ${credentials.join(' and ')}: the server knows nobody by it`;
}

/** Whether readings are kept as long as the reports need them; `raw` in ms, undefined for ever. */
export function checkKept(raw: number | undefined): Finding {
  if (raw === undefined) return fine('retention', 'readings are kept for ever');
  const shown = `readings are kept for ${daysOf(raw)}`;
  if (raw >= REPORTS_NEED_MS) return fine('retention', shown);
  const needed = daysOf(REPORTS_NEED_MS);
  const todo = `set TOWNPULSE_HISTORY_RETENTION_RAW to ${REPORTS_NEED_MS / DAY_MS}d at least, or to nothing`;
  return wrong('retention', `${shown}, and the report of a month needs ${needed}`, todo);
}

/** A bucket drops readings and figures alike: it must keep what is kept the longest. */
function checkRetention(retention: number | null, keep: number): Finding {
  if (retention === null) return fine('retention', 'the InfluxDB does not tell how long it keeps points');
  if (retention === Number.POSITIVE_INFINITY) return fine('retention', 'points are kept for ever');
  const shown = `the bucket drops what is older than ${daysOf(retention)}`;
  if (retention >= keep) return fine('retention', shown);
  const kept = keep === Number.POSITIVE_INFINITY ? 'for ever' : `for ${daysOf(keep)}`;
  const todo =
    'let the bucket keep points for ever (influx bucket update --retention 0), and say what may go in TOWNPULSE_HISTORY_RETENTION_RAW, …_FIVE_MINUTES, …_HOUR and …_DAY';
  return wrong('retention', `${shown}, readings and figures alike, and the settings keep figures ${kept}`, todo);
}

function daysOf(ms: number): string {
  const days = Number((ms / DAY_MS).toFixed(1));
  return `${days} day${days === 1 ? '' : 's'}`;
}
