import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Api } from '../../../src/http/api.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

interface Operation {
  method: string;
  /** `/api/v1/devices/{id}` */
  path: string;
  responses: Record<string, { content?: Record<string, unknown> }>;
}

/** The API's own OpenAPI document, read as a stranger reads it: answers are held against it, and nothing else is known. */
export class Description {
  readonly operations: readonly Operation[];
  readonly #ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    validateFormats: false,
    allErrors: true,
  });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: object) {
    const { paths } = document as { paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>> };
    this.#ajv.addVocabulary(['components', 'paths', 'example']);
    this.#ajv.addSchema({ $id: 'api', components: schemasOf(document), paths } as object, 'api');
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, { responses }]) => ({ method: method.toUpperCase(), path, responses })),
    );
  }

  /** Of the application as it stands. */
  static async of(app: Api): Promise<Description> {
    await app.ready();
    return new Description(app.swagger());
  }

  /** The operation that a request comes to, if the document has one. */
  find(method: string, url: string): Operation | undefined {
    const asked = url.split('?', 1)[0] as string;
    const fitting = this.operations.filter((one) => one.method === method && fits(one.path, asked));
    return fitting.find(({ path }) => path === asked) ?? fitting[0];
  }

  /** What of an answer is not as the document says; nothing when all is. */
  faults(method: string, url: string, status: number, type: string, json: unknown): string[] {
    const operation = this.find(method, url);
    if (operation === undefined) return status === 401 || status === 404 ? [] : [`${method} ${url} is not described`];
    const answer = status in operation.responses ? String(status) : 'default';
    const { content = {} } = operation.responses[answer] ?? {};
    const described = Object.keys(content);
    const media = type.split(';', 1)[0] as string;
    if (answer === 'default' && status < 400) return [`${status} is not described`];
    if (described.length === 0) return json === undefined ? [] : ['an answer that should have no body has one'];
    if (!described.includes(media)) return [`${media} is none of ${described.join(', ')}`];
    if (!media.endsWith('json')) return [];
    const where = ['paths', operation.path, method.toLowerCase(), 'responses', answer, 'content', media, 'schema'];
    const check = this.#checkOf(`api#/${where.map(step).join('/')}`);
    check(json);
    return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  #checkOf(reference: string): ValidateFunction {
    const check = this.#compiled.get(reference) ?? this.#ajv.compile({ $ref: reference });
    this.#compiled.set(reference, check);
    return check;
  }
}

function schemasOf(document: object): object {
  return (document as { components: object }).components;
}

function fits(template: string, path: string): boolean {
  const [parts, asked] = [template.split('/'), path.split('/')];
  return parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at]);
}

/** A name as a step of a JSON pointer in a URI fragment. */
function step(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
