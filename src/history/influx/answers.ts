import { messageOf } from '../../kernel/errors.ts';
import { RefusedByStore, RetryLater } from '../port.ts';

/** What InfluxDB says of points that it will never take: of a line's form, of a field's type, of a time out of reach. */
const REFUSALS =
  /partial write|unable to parse|field type conflict|retention policy|time outside range|max key length/i;
/** Bounds that an operator may raise: the points themselves are good, so they wait. */
const LIMITS = /max-series-per-database|max-values-per-tag|limit exceeded/i;
/** A server that asks for more is asked again after an hour all the same. */
const LONGEST_WAIT = 3_600_000;

/** What OpenSSL makes of an answer in plain text, by its version. */
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** What a person can do about a status. */
const ADVICE: Record<number, string> = {
  401: 'check INFLUX_TOKEN, or INFLUX_USERNAME and INFLUX_PASSWORD',
  403: 'the token or user may not do this: it needs to read and write the bucket',
  404: 'check INFLUX_BUCKET and INFLUX_ORG, and make the bucket or database if it is gone',
};

/** An answer that is not what was asked for. */
export interface Refusal {
  status: number;
  /** Its body. */
  text: string;
  retryAfter: string | null;
}

/** The server's own words in an answer's body: InfluxDB 1.x says `error`, 2.x `message`, a proxy anything. */
export function wordsOf(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    const words = message ?? error;
    if (typeof words === 'string') return words;
  } catch {
    // It is no JSON, and shown as it is.
  }
  return text.trim().replace(/\s+/g, ' ').slice(0, 300);
}

/**
 * What a refused write means. Points that no retry will cure are `RefusedByStore` with the server's own words; anything else
 * is an outage: a proxy, a token or a bucket may be wrong today and right tomorrow, and the points wait on the disk.
 */
export function writeError(server: string, refusal: Refusal, now: number): Error {
  const { status, text } = refusal;
  const words = wordsOf(text);
  const aboutPoints = (status === 400 || status === 422) && REFUSALS.test(words) && !LIMITS.test(words);
  return aboutPoints ? new RefusedByStore(words) : outage(server, refusal, now);
}

/** An answer that says that the server cannot do it now. */
export function outage(server: string, { status, text, retryAfter }: Refusal, now: number): Error {
  const words = wordsOf(text);
  const advice = ADVICE[status];
  const message = `${server} answers ${status}${words === '' ? '' : `: ${words}`}${advice === undefined ? '' : ` (${advice})`}`;
  const wait = waitOf(retryAfter, now);
  return wait === null ? new Error(message) : new RetryLater(message, wait);
}

/** Why no answer came: `fetch` says "fetch failed", and why only in the cause, which may be one for each address. */
export function unreachedWords(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join('; ');
  return NO_TLS.has((cause as NodeJS.ErrnoException).code ?? '')
    ? 'what answers there speaks no TLS: write http:// instead of https://'
    : messageOf(cause);
}

/** `Retry-After` in ms: whole seconds, or a date [RFC 9110, 10.2.3]. */
function waitOf(header: string | null, now: number): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? null : Math.min(LONGEST_WAIT, Math.max(0, wait));
}
