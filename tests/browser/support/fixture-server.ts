import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { RunningFault } from '../../../src/console/api.ts';
import { type Answers, answersFor, type Scene } from './fixture-town.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The policy that the service serves its page under. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** A service that answers from a scene, for looking at the page alone. It listens on 127.0.0.1, on a port of its own. */
export class FixtureServer {
  /** Bodies of `POST /demo/faults`, in order. */
  readonly started: unknown[] = [];
  /** Paths that answer 503 with these words instead. */
  readonly failing = new Map<string, string>();
  /** False: every connection under `/api` and `/readyz` is cut without an answer. */
  reachable = true;
  /** False: the session has ended; a new one is had for the token `correct-token`. */
  open = true;
  /** Whether opening the page signs in, as in the demo. */
  signsInAlone = true;
  /** How many requests were answered 401. */
  refused = 0;
  /** Paths under `/api/v1` that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #page: string;
  readonly #server: Server;
  #answers: Answers = answersFor('night');
  #running: RunningFault[] = [];

  /** @param page the folder of the built page */
  constructor(page: string) {
    this.#page = page;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
  }

  /** Listens, and resolves to the page's address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Back to a scene, reachable and open, with nothing started or failing. */
  show(scene: Scene): void {
    this.#answers = answersFor(scene);
    this.#running = [];
    this.started.length = 0;
    this.failing.clear();
    this.reachable = true;
    this.open = true;
    this.signsInAlone = true;
    this.refused = 0;
    this.asked.length = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fixture');
    const api = url.pathname.startsWith('/api/v1');
    if (!this.reachable && (api || url.pathname === '/readyz')) {
      request.socket.destroy();
      return;
    }
    if (url.pathname === '/readyz') return json(response, 200, this.#answers.ready);
    if (url.pathname === '/') this.open ||= this.signsInAlone;
    if (!api) return this.#file(url.pathname, response);
    await this.#resource(url.pathname.slice('/api/v1'.length), url.searchParams, request, response);
  }

  async #resource(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse) {
    this.asked.push(path);
    if (path === '/session') {
      const { token } = (await body(request)) as { token: string };
      this.open = token === 'correct-token';
      return this.open ? json(response, 201, this.#me()) : problem(response, 401, 'no such token');
    }
    if (!this.open) {
      this.refused++;
      return problem(response, 401, 'sign in first');
    }
    if (path === '/me') return json(response, 200, this.#me());
    const failure = this.failing.get(path);
    if (failure !== undefined) return problem(response, 503, failure);
    if (path === '/demo/faults' && request.method === 'POST') {
      const fault = (await body(request)) as RunningFault;
      this.started.push(fault);
      const started = { ...fault, id: `fault-${this.started.length}`, startedAt: this.#answers.clock.now };
      this.#running.push({ ...started, endsAt: new Date(Date.parse(started.startedAt) + 900_000).toISOString() });
      return json(response, 201, started);
    }
    if (request.method === 'DELETE') {
      this.#running = this.#running.filter((fault) => !path.endsWith(fault.id));
      response.statusCode = 204;
      return response.end();
    }
    const answer = this.#look(path, query);
    return answer === null ? problem(response, 404, `no resource ${path}`) : json(response, 200, answer);
  }

  #me(): object {
    return this.signsInAlone
      ? { id: 'demo', name: '演示值班员 Demo duty officer', role: 'duty-officer', demo: true }
      : { id: 'wang', name: '王敏', role: 'administrator', demo: false };
  }

  #look(path: string, query: URLSearchParams): object | null {
    const it = this.#answers;
    const list = (items: unknown[]) => ({ items, next: null });
    if (path === '/clock') return it.clock;
    if (path === '/ledger') return it.ledger;
    if (path === '/lighting-rate/now') return list(it.rates[query.get('group') as keyof Answers['rates']]);
    if (path === '/alerts') return list(query.get('state') === 'open' ? it.open : it.resolved);
    if (path === '/devices') return pageOf(it.devices, query.get('cursor'));
    if (path === '/readings' && query.get('metric') === 'pressure') return list(it.pressures);
    if (path === '/readings') return list(it.leaks[query.get('kind') as keyof Answers['leaks']]);
    if (path === '/areas') return list(it.areas);
    if (path === '/organisations') return list(it.organisations);
    if (path === '/kinds') return list(it.kinds);
    if (path === '/demo/faults/kinds') return list(it.faultKinds);
    if (path === '/demo/faults') return list(this.#running);
    return null;
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const file = path === '/' ? '/index.html' : path;
    try {
      const content = await readFile(join(this.#page, file));
      response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
      response.setHeader('content-security-policy', CSP);
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  }
}

const PAGE = 500;

/** A list in pages, so that the page's paging is walked too. */
function pageOf(items: unknown[], cursor: string | null): object {
  const from = Number(cursor ?? 0);
  const to = from + PAGE;
  return { items: items.slice(from, to), next: to < items.length ? String(to) : null };
}

function json(response: ServerResponse, status: number, content: object): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(content));
}

function problem(response: ServerResponse, status: number, detail: string): void {
  json(response, status, { type: 'urn:townpulse:error:fixture', title: 'fixture', status, detail, code: 'fixture' });
}

async function body(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
