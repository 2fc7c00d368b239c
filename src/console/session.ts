/** Who is signed in, as `GET /me` tells it. */
export interface Me {
  id: string;
  name: string;
  role: string;
  /** Whether the service is the demo, whose devices are simulated. */
  demo: boolean;
}

/** How the page stands with the service: not known yet, somebody's session, or none to be had without a token. */
export type Standing = { state: 'asking' } | { state: 'signed-in'; me: Me } | { state: 'signed-out' };

type Ask = (url: string, init?: RequestInit) => Promise<Response>;

const PATIENCE_MS = 6_000;

/**
 * The page's session. It ends after twelve hours and with every restart of the service, while the page hangs on its wall
 * for months: so a 401 first lets the page get a new session as it got the first one, where it signs in by itself.
 */
export class Session {
  readonly #ask: Ask;
  readonly #listeners = new Set<() => void>();
  #standing: Standing = { state: 'asking' };
  #renewal: Promise<boolean> | null = null;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  readonly standing = (): Standing => this.#standing;

  /** Calls `listener` at every change of the standing, until the function it gives back is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Finds out who is signed in. Throws when nobody answers: then nothing is known. */
  readonly open = async (): Promise<void> => {
    if (!(await this.#whose())) await this.#renew();
  };

  /** Exchanges a token for a session; a token that is not known leaves the page without one. */
  async begin(token: string): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    const response = await this.#ask('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ token }) });
    if (response.ok) this.#become({ state: 'signed-in', me: (await response.json()) as Me });
    return response;
  }

  /** Asks within the session; after a 401 once more, if a new session could be had. */
  async ask(url: string, init: RequestInit): Promise<Response> {
    await this.#renewal;
    const response = await this.#ask(url, init);
    if (response.status !== 401) return response;
    return (await this.#renew()) ? this.#ask(url, init) : response;
  }

  /** One renewal for all that wait for it, however many were refused at a time. */
  #renew(): Promise<boolean> {
    this.#renewal ??= this.#signInAlone().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /** The demo gives whoever opens its page on its own machine a session; any other service gives nothing. */
  async #signInAlone(): Promise<boolean> {
    answered(await this.#ask('/', { signal: AbortSignal.timeout(PATIENCE_MS) }));
    const signedIn = await this.#whose();
    if (!signedIn) this.#become({ state: 'signed-out' });
    return signedIn;
  }

  async #whose(): Promise<boolean> {
    const response = await this.#ask('/api/v1/me', { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.status === 401) return false;
    this.#become({ state: 'signed-in', me: (await answered(response).json()) as Me });
    return true;
  }

  #become(standing: Standing): void {
    this.#standing = standing;
    for (const listener of this.#listeners) listener();
  }
}

/** An answer that says nothing of the session (503 in a start) leaves it as it was. */
function answered(response: Response): Response {
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}
