import type { Clock } from '../../kernel/clock.ts';
import type { InfluxAddress } from '../settings.ts';
import { unreachedWords, wordsOf } from './answers.ts';

/** A question that the server does not answer as hoped: what it is about, and the server's own words. */
export interface ProbeRefusal {
  why: 'credentials' | 'missing' | 'forbidden' | 'other';
  words: string;
}

/** What an InfluxDB says of itself, and of our bucket. */
export interface Probed {
  url: string;
  version: string | null;
  unreachable: string | null;
  clockOffset: number | null;
  write: ProbeRefusal | null;
  read: ProbeRefusal | null;
  retention: number | null;
}

/** For a person who waits, ms. */
const PATIENCE = 10_000;

/**
 * Asks an InfluxDB how it is, whether we may write to and read our bucket, and how long it keeps points; changes nothing
 * there. Times in ms; a retention is Infinity where points are kept for ever, and null where it is not told.
 */
export async function probeInflux(address: InfluxAddress, realClock: Clock): Promise<Probed> {
  const probe = new Probe(address);
  const { url } = address;
  const nothing = { clockOffset: null, write: null, read: null, retention: null };
  try {
    const [asked, pong] = [realClock.now(), await probe.ask('GET', '/ping')];
    const { pathname } = new URL(url);
    if (pong.status === 400 && /https server/i.test(pong.text)) {
      const unreachable = `${url} speaks TLS only: write https:// instead of http://`;
      return { url, version: null, unreachable, ...nothing };
    }
    // Whatever serves a page may answer anything, also with an InfluxDB beside it: that one answers so.
    if (pathname !== '/' && pong.status !== 204) {
      const unreachable = `${url} answers ${pong.status} to /ping: there is no InfluxDB under ${pathname}`;
      return { url, version: null, unreachable, ...nothing };
    }
    const clockOffset = offsetOf(pong.date, asked, realClock.now());
    const version = address.version ?? pong.version?.replace(/^v/, '') ?? null;
    if (version === null) throw new SyntaxError('no version');
    const write = refusalOf(await probe.write());
    const bucket = version.startsWith('1') ? await probe.database() : await probe.bucket();
    return { url, version, unreachable: null, clockOffset, write, ...bucket };
  } catch (error) {
    const unreachable =
      error instanceof SyntaxError
        ? `${url} answers, but not as an InfluxDB does`
        : `${url} cannot be reached: ${unreachedWords(error)}`;
    return { url, version: null, unreachable, ...nothing };
  }
}

interface Answer {
  status: number;
  text: string;
  date: string | null;
  version: string | null;
}

class Probe {
  readonly #address: InfluxAddress;
  readonly #headers: Record<string, string> = {};

  constructor(address: InfluxAddress) {
    this.#address = address;
    const { token, username, password } = address;
    if (token !== undefined) this.#headers.authorization = `Token ${token}`;
    else if (username !== undefined) {
      this.#headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
  }

  /** Writes no point at all: enough to hear whether one would be taken. */
  write(): Promise<Answer> {
    const { bucket, org } = this.#address;
    const path =
      org === undefined
        ? `/write?${new URLSearchParams({ db: bucket })}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket })}`;
    return this.ask('POST', path);
  }

  /** Of 1.x: whether our database may be read, and how long it keeps points. */
  async database(): Promise<Pick<Probed, 'read' | 'retention'>> {
    const { bucket } = this.#address;
    const q = `SHOW RETENTION POLICIES ON "${bucket.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
    const answer = await this.ask('POST', `/query?${new URLSearchParams({ db: bucket, q })}`);
    const read = refusalOf(answer);
    if (read !== null) return { read, retention: null };
    const { results } = JSON.parse(answer.text) as {
      results?: { error?: string; series?: { columns: string[]; values?: unknown[][] }[] }[];
    };
    const [result] = results ?? [];
    if (result?.error !== undefined) return { read: { why: 'missing', words: result.error }, retention: null };
    const { columns = [], values = [] } = result?.series?.[0] ?? {};
    const policy = values.find((row) => row[columns.indexOf('default')] === true);
    return { read: null, retention: durationOf(String(policy?.[columns.indexOf('duration')] ?? '')) };
  }

  /** Of 2.x: the same of our bucket. A token that may not read one is not shown it. */
  async bucket(): Promise<Pick<Probed, 'read' | 'retention'>> {
    const { bucket: name, org } = this.#address;
    const query = new URLSearchParams({ name, ...(org === undefined ? {} : { org }) });
    const answer = await this.ask('GET', `/api/v2/buckets?${query}`);
    const read = refusalOf(answer);
    if (read !== null) return { read, retention: null };
    const { buckets = [] } = JSON.parse(answer.text) as {
      buckets?: { retentionRules?: { everySeconds: number }[] }[];
    };
    const [bucket] = buckets;
    if (bucket === undefined) {
      return { read: { why: 'forbidden', words: `the token is not shown the bucket ${name}` }, retention: null };
    }
    const seconds = bucket.retentionRules?.[0]?.everySeconds ?? 0;
    return { read: null, retention: seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1_000 };
  }

  async ask(method: 'GET' | 'POST', path: string): Promise<Answer> {
    const response = await fetch(`${this.#address.url.replace(/\/+$/, '')}${path}`, {
      method,
      headers: this.#headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { status, headers } = response;
    const text = await response.text();
    return { status, text, date: headers.get('date'), version: headers.get('x-influxdb-version') };
  }
}

/** What an answer refuses; null for one that is none. */
function refusalOf({ status, text }: Answer): ProbeRefusal | null {
  if (status >= 200 && status < 300) return null;
  const words = wordsOf(text) || `it answers ${status}`;
  if (status === 401) return { why: 'credentials', words };
  if (status === 404) return { why: 'missing', words };
  return { why: status === 403 ? 'forbidden' : 'other', words };
}

/** The server's clock minus ours: its `Date` is a whole second, said somewhere between the question and the answer. */
function offsetOf(date: string | null, asked: number, answered: number): number | null {
  const told = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(told)) return null;
  if (told > answered) return told - answered;
  return Math.min(0, told + 1_000 - asked);
}

/** A duration of InfluxQL such as `168h0m0s`, ms; `0s` is for ever. */
function durationOf(text: string): number | null {
  const match = /^(\d+)h(\d+)m(\d+)s$|^(?:(\d+)m)?(\d+)s$/.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds] = [match[1], match[2] ?? match[4], match[3] ?? match[5]].map((part) =>
    Number(part ?? 0),
  );
  const ms = (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000;
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}
