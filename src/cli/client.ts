import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { Command } from 'commander';
import { ERRORS, type ErrorCode, messageOf, type Problem, TownError } from '../kernel/errors.ts';

/** Options of every command that speaks to the running service. */
export interface ClientOptions {
  url?: string;
  token?: string;
  dataDir?: string;
  json?: boolean;
}

/** A command that speaks to the running service, with the options they all have; `usage` is its name and its arguments. */
export function clientCommand(usage: string, description: string, example: string): Command {
  const [name = '', ...wanted] = usage.split(' ');
  const command = new Command(name);
  for (const argument of wanted) command.argument(argument);
  return command
    .description(description)
    .option('--url <url>', "the service's address (TOWNPULSE_URL; else what the data directory says)")
    .option('--token <token>', 'an API token (TOWNPULSE_TOKEN or …_FILE; else cli.token of the data directory)')
    .option('--data-dir <folder>', 'the data directory of the service (TOWNPULSE_DATA_DIR)')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText('after', `\nExample:\n  $ townpulse ${example}`);
}

/** The token that the environment gives, itself or in a file; undefined where it gives none. */
export function tokenOf(env: NodeJS.ProcessEnv): string | undefined {
  for (const name of ['TOWNPULSE_TOKEN', 'TOWNPULSE_ADMIN_TOKEN']) {
    if (env[name] !== undefined) return env[name];
    const file = env[`${name}_FILE`];
    if (file === undefined) continue;
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (cause) {
      throw new TownError('config-invalid', `${name}_FILE: ${file} cannot be read: ${messageOf(cause)}`, { cause });
    }
  }
  return undefined;
}

/** The running service, as the commands see it. */
export class Client {
  readonly #url: string;
  readonly #token: string;

  /** @throws TownError `config-invalid` when no address or token can be found, or the address is none */
  constructor(options: ClientOptions, env: NodeJS.ProcessEnv = process.env) {
    const folders = options.dataDir ?? env.TOWNPULSE_DATA_DIR;
    const candidates = folders === undefined ? ['./data', './data/demo'] : [folders];
    const fromFiles = (file: string) => {
      for (const folder of candidates) {
        try {
          return readFileSync(join(folder, file), 'utf8').trim();
        } catch {}
      }
      return undefined;
    };
    const url = options.url ?? env.TOWNPULSE_URL ?? fromFiles('cli.url');
    const token = options.token ?? tokenOf(env) ?? fromFiles('cli.token');
    if (url === undefined || token === undefined) {
      const missing = url === undefined ? 'address (--url or TOWNPULSE_URL)' : 'token (--token or TOWNPULSE_TOKEN)';
      throw new TownError(
        'config-invalid',
        `no ${missing}, and none in ${candidates.join(' or ')}: is the service running there?`,
      );
    }
    if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
      throw new TownError('config-invalid', `${url} is no address of the service: write http://127.0.0.1:8080`);
    this.#url = url.replace(/\/$/, '');
    this.#token = token.trim();
  }

  /** Asks for `path` below /api/v1. @throws TownError with the service's own code and problems */
  async ask<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw this.#noAnswer((cause as Error).cause ?? cause, cause);
    }
    const text = await response.text();
    const answer = parse(text);
    if (response.ok && answer !== undefined) return answer as T;
    throw refusal(this.#url, response.status, answer);
  }

  /**
   * Asks for `path` below /api/v1, and gives the answer, of the media type `type`, as it streams; the service may take as
   * long as it needs.
   * @throws TownError with the service's own code and problems
   */
  async download(method: 'GET' | 'POST', path: string, type: string): Promise<IncomingMessage> {
    const send = this.#url.startsWith('https:') ? httpsRequest : httpRequest;
    const options = { method, headers: { authorization: `Bearer ${this.#token}` } };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      send(`${this.#url}/api/v1${path}`, options, resolve).once('error', reject).end();
    }).catch((cause: unknown) => {
      throw this.#noAnswer(cause, cause);
    });
    const media = response.headers['content-type']?.split(';', 1)[0];
    if (response.statusCode === 200 && media === type) return response;
    throw refusal(this.#url, response.statusCode ?? 0, parse(await textOf(response)));
  }

  /** Every item of a list, page by page. */
  async *list<T>(path: string): AsyncGenerator<T> {
    const join = path.includes('?') ? '&' : '?';
    let next: string | null = null;
    do {
      const cursor: string = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
      const page: { items: T[]; next: string | null } = await this.ask('GET', `${path}${join}limit=1000${cursor}`);
      yield* page.items;
      next = page.next;
    } while (next !== null);
  }

  #noAnswer(why: unknown, cause: unknown): TownError {
    const message = `${this.#url} does not answer (${messageOf(why)}): is townpulse running?`;
    return new TownError('unavailable', message, { cause });
  }
}

/** The JSON of an answer; null for one without a body, undefined for one that is no JSON. */
function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer that is not as hoped means, in words for whoever typed the command. */
function refusal(url: string, status: number, answer: unknown): TownError {
  const { code, detail, errors } = (answer ?? {}) as Partial<ProblemAnswer>;
  if (code === undefined || detail === undefined || !(code in ERRORS)) {
    const message = `${url} answers (${status}), but not as Townpulse does: is this the right address?`;
    return new TownError('unavailable', message);
  }
  if (code === 'unauthorized') {
    const message = `${url} does not know this token: give the right one with --token or TOWNPULSE_TOKEN`;
    return new TownError(code, message);
  }
  return new TownError(code as ErrorCode, detail, { problems: errors ?? [] });
}

/** What the command line reads of a problem document. */
interface ProblemAnswer {
  code: string;
  detail: string;
  errors: Problem[];
}
