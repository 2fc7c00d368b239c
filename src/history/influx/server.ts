import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../kernel/clock.ts';
import { RefusedByStore } from '../port.ts';
import type { InfluxAddress } from '../settings.ts';
import { outage, type Refusal, unreachedWords, wordsOf, writeError } from './answers.ts';
import type { Statement } from './statement.ts';

const zip = promisify(gzip);
/** Requests of one write that are under way at a time; no two of them touch one point. */
const IN_FLIGHT = 4;
/** Smaller bodies gain nothing. */
const WORTH_ZIPPING = 1_024;

/** A part of an answer to a query: what has the same tags. */
export interface Series {
  name: string;
  tags?: Record<string, string>;
  columns: string[];
  values: (string | number | boolean | null)[][];
}

interface QueryAnswer {
  results?: { statement_id: number; series?: Series[]; error?: string; partial?: boolean }[];
  error?: string;
}

/**
 * An InfluxDB, spoken to over its HTTP interface: nothing is kept back, nothing is tried twice. `/write` and `/query` are
 * the same in 1.x and 2.x, where they find the bucket by its name; with an organisation, writes go to `/api/v2/write`.
 */
export class InfluxServer {
  readonly #address: InfluxAddress;
  readonly #realClock: Clock;
  readonly #base: string;
  readonly #headers: Record<string, string> = {};
  #giveUp = new AbortController();
  #version: string | null = null;

  constructor(address: InfluxAddress, realClock: Clock) {
    this.#address = address;
    this.#realClock = realClock;
    this.#base = address.url.replace(/\/+$/, '');
    const { token, username, password } = address;
    if (token !== undefined) this.#headers.authorization = `Token ${token}`;
    else if (username !== undefined) {
      this.#headers.authorization = `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
    }
  }

  /** Every request under way fails, and every new one until `resume`. */
  interrupt(): void {
    this.#giveUp.abort(new Error(`${this.#name} was not waited for any longer`));
  }

  /** Begins anew: requests may be made, and the server is asked again which one it is. */
  resume(): void {
    if (this.#giveUp.signal.aborted) this.#giveUp = new AbortController();
    this.#version = null;
  }

  /** Makes sure, once, that there is an InfluxDB of a version that is known. @throws Error what is wrong */
  async reach(): Promise<void> {
    if (this.#version !== null) return;
    const answer = await this.#send('GET', '/ping', {});
    const found = (answer.headers.get('x-influxdb-version') ?? this.#address.version ?? (await this.#health())) || '';
    const version = this.#address.version ?? found.replace(/^v/, '');
    if (!/^[12](\.|$)/.test(version)) {
      const what = version === '' ? 'does not say that it is an InfluxDB' : `is InfluxDB ${version}`;
      throw new Error(
        `${this.#name} ${what}; Townpulse was tried with 1.8 and 2.7 (INFLUX_VERSION=2 makes it speak to any other as to a 2.x)`,
      );
    }
    this.#version = version;
  }

  /**
   * Writes bodies of line protocol, several at a time; times in `precision`. Resolves once all are answered with yes.
   * @throws RefusedByStore when points are refused for good; the good ones of such a body may be in
   */
  async write(bodies: readonly string[], precision: 'ms' | 'ns'): Promise<void> {
    const waiting = [...bodies];
    const failures: unknown[] = [];
    const lane = async () => {
      for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
        await this.#writeOne(body, precision).catch((error: unknown) => failures.push(error));
      }
    };
    // All are awaited, also when one fails: what is still under way must not meet what is tried after it.
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, bodies.length) }, lane));
    if (failures.length === 0) return;
    throw failures.find((error) => !(error instanceof RefusedByStore)) ?? failures[0];
  }

  /** Answers statements, one list of series each; times are ms. @throws Error when one cannot be answered */
  async query(statement: Statement): Promise<Series[][]> {
    const form = new URLSearchParams({
      db: this.#address.bucket,
      epoch: 'ms',
      q: statement.text,
      params: JSON.stringify(statement.parameters),
    });
    const answer = await this.#send('POST', '/query', {
      body: form.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    if (answer.status !== 200) throw outage(this.#name, answer, this.#realClock.now());
    const { results = [], error } = this.#parse(answer.text);
    const wrong = error ?? results.find((result) => result.error !== undefined)?.error;
    if (wrong !== undefined) throw new Error(`${this.#name} cannot answer: ${wrong}${adviceFor(wrong)}`);
    if (results.some(({ partial }) => partial === true)) {
      throw new Error(`${this.#name} gives only a part of the answer: raise its max-row-limit`);
    }
    return results.map(({ series }) => series ?? []);
  }

  get #name(): string {
    return `InfluxDB at ${this.#base}`;
  }

  async #writeOne(body: string, precision: 'ms' | 'ns'): Promise<void> {
    const { bucket, org } = this.#address;
    const path =
      org === undefined
        ? `/write?${new URLSearchParams({ db: bucket, precision })}`
        : `/api/v2/write?${new URLSearchParams({ org, bucket, precision })}`;
    const zipped = body.length >= WORTH_ZIPPING;
    const answer = await this.#send('POST', path, {
      body: zipped ? await zip(body, { level: 1 }) : body,
      headers: { 'content-type': 'text/plain; charset=utf-8', ...(zipped ? { 'content-encoding': 'gzip' } : {}) },
    });
    if (answer.status < 200 || answer.status > 299) throw writeError(this.#name, answer, this.#realClock.now());
  }

  async #health(): Promise<string | undefined> {
    const { status, text } = await this.#send('GET', '/health', {});
    if (status !== 200) return undefined;
    try {
      return (JSON.parse(text) as { version?: string }).version;
    } catch {
      return undefined;
    }
  }

  #parse(text: string): QueryAnswer {
    try {
      return JSON.parse(text) as QueryAnswer;
    } catch {
      throw new Error(`${this.#name} answers a query with what is no JSON: ${wordsOf(text)}`);
    }
  }

  /** One request and its whole answer, within the time-out. @throws Error that says what kept it from being answered */
  async #send(
    method: 'GET' | 'POST',
    path: string,
    { body, headers }: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Refusal & { headers: Headers }> {
    const { timeout } = this.#address;
    const late = new AbortController();
    const timer = this.#realClock.after('influxdb answers', timeout, () =>
      late.abort(new Error(`${this.#name} has not answered within ${timeout / 1_000} s`)),
    );
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: { ...this.#headers, ...headers },
        // Followed, a POST could become a GET.
        redirect: 'manual',
        signal: AbortSignal.any([late.signal, this.#giveUp.signal]),
        ...(body === undefined ? {} : { body }),
      });
      const { status, headers: answered } = response;
      return { status, headers: answered, text: await response.text(), retryAfter: answered.get('retry-after') };
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      if (this.#giveUp.signal.aborted) throw this.#giveUp.signal.reason;
      throw new Error(`${this.#name} cannot be reached: ${unreachedWords(error)}`, { cause: error });
    } finally {
      timer.stop();
    }
  }
}

function adviceFor(words: string): string {
  // A token that may only write gets this answer, with 200.
  return /database not found/i.test(words)
    ? ' (either there is no such bucket, or the token may write to it but not read it)'
    : '';
}
