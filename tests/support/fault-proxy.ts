import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What becomes of a request. */
export type Fault =
  /** It goes through. */
  | 'none'
  /** It goes to the server, and its answer is cut off after some bytes. */
  | 'cut'
  /** It is taken and never answered; the server does not see it. */
  | 'hang'
  /** The server answers, and its answer is held back so long. */
  | { delayMs: number }
  /** It is answered here. */
  | { status: number; headers?: Record<string, string>; body?: string };

/** A request that passed. */
export interface Passed {
  path: string;
  /** When it came, ms on a clock of its own. */
  at: number;
  /** Lines of its body. */
  lines: number;
  /** What the server, or the fault, answered; null for nothing. */
  status: number | null;
}

/** A proxy on 127.0.0.1 before a real server, that spoils what the test wants spoiled. */
export class FaultProxy {
  /** Asked for each request. */
  fault: (path: string) => Fault = () => 'none';
  /** Called when the server has answered, before the client hears of it. */
  answered: (path: string, status: number) => void | Promise<void> = () => {};
  readonly passed: Passed[] = [];
  readonly #target: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#handle(incoming, response).catch(() => incoming.socket.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Writes that came since the proxy has stood. */
  get writes(): Passed[] {
    return this.passed.filter(({ path }) => path.includes('/write'));
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = incoming.url ?? '';
    const text = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const passed: Passed = { path, at, lines: text.toString().split('\n').length - 1, status: null };
    this.passed.push(passed);
    const fault = this.fault(path);
    if (fault === 'hang') return;
    if (typeof fault === 'object' && 'status' in fault) {
      passed.status = fault.status;
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    const answer = await this.#ask(incoming, body);
    passed.status = answer.status;
    await this.answered(path, answer.status);
    if (fault === 'cut') {
      incoming.socket.write(`HTTP/1.1 ${answer.status} `);
      incoming.socket.end();
      return;
    }
    if (typeof fault === 'object') await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #ask(incoming: IncomingMessage, body: Buffer) {
    const outgoing = request(`${this.#target}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) };
  }
}
