import type { Ledger } from '../../src/model/ledger.ts';

/** A device to register, with the secret that it will sign in with. */
export interface TestDevice {
  id: string;
  kind: string;
  area: string;
  organisation: string;
  secret: string;
  [more: string]: unknown;
}

/** The administrator's token of every service that a test starts. */
export const TOKEN = 'the-token-of-the-tests';
/** A service that does not answer for so long never will, ms. */
const PATIENCE = 60_000;

/** A running service as others see it: over HTTP, with the administrator's token. */
export class ServiceClient {
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly #token: string;

  constructor(httpPort: number, mqttPort: number, token = TOKEN) {
    this.httpPort = httpPort;
    this.mqttPort = mqttPort;
    this.#token = token;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.mqttPort}`;
  }

  /** Asks `/api/v1` for JSON: GET, or where a body is given POST. @throws Error on any answer but 2xx */
  async api<T>(path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(`/api/v1${path}`, body === undefined ? {} : { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 2_000)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Asks for any path with the token; a body goes out as JSON. */
  fetch(path: string, { method = 'GET', body }: { method?: string; body?: unknown } = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const signal = AbortSignal.timeout(PATIENCE);
    if (body === undefined) return fetch(this.url + path, { method, headers, signal });
    return fetch(this.url + path, {
      signal,
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  ledger(): Promise<Ledger> {
    return this.api('/ledger');
  }

  /** Whether it takes readings, and what each part says. */
  async readiness(): Promise<{ status: number; checks: Record<string, string> }> {
    const response = await this.fetch('/readyz');
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    return { status: response.status, checks };
  }

  /** Brings devices into the registry; those that are there already stay as they are. */
  async register(devices: readonly TestDevice[]): Promise<void> {
    await this.api('/devices/import', { format: 'json', text: JSON.stringify(devices) });
  }

  /** The service's figures by name, without those that have labels. */
  async metrics(): Promise<Map<string, number>> {
    const response = await this.fetch('/metrics');
    const figures = new Map<string, number>();
    for (const line of (await response.text()).split('\n')) {
      const match = /^(\w+) (\S+)$/.exec(line);
      if (match !== null) figures.set(match[1] as string, Number(match[2]));
    }
    return figures;
  }

  /**
   * Resolves once history and rules have passed everything that the journal holds.
   * @throws Error after `withinMs`, saying how far they are
   */
  async drained(withinMs = 120_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const figures = await this.metrics();
      const end = figures.get('townpulse_journal_end_offset');
      const history = figures.get('townpulse_history_cursor_offset');
      const rules = figures.get('townpulse_rules_cursor_offset');
      if (end === undefined || history === undefined || rules === undefined) {
        throw new Error('the service does not tell its journal, history and rules offsets');
      }
      if (history >= end && rules >= end) return;
      if (performance.now() > deadline) {
        throw new Error(`not drained within ${withinMs} ms: journal ${end}, history ${history}, rules ${rules}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
