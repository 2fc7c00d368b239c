import {
  type ASTNode,
  TypeError as CelTypeError,
  Environment,
  EvaluationError,
  ParseError,
} from '@marcbachmann/cel-js';
import { didYouMean } from '../kernel/nearest.ts';
import type { Device } from '../model/device.ts';
import type { Kind } from '../model/kind.ts';
import type { Value } from '../model/sample.ts';
import { isWalk, unbounded } from './bounded.ts';
import { implausible } from './plausible.ts';

/** A condition of a rule, compiled for a kind. */
export interface Condition {
  /** As it is written in the rulebook. */
  text: string;
  /** The fields it asks for. A sample without one of them may do where `||`, `&&` or `? :` is decided by the others. */
  fields: readonly string[];
  /** The attributes a device must state. */
  attributes: readonly string[];
  /** Whether some of the fields are such as not every device is fitted with. */
  isOptional: boolean;
  /** Whether it holds for a sample's values and what its device states; null when one of them says too little. */
  holds(values: Readonly<Record<string, Value>>, attributes: Device['attributes']): boolean | null;
  /** The text with figures in the place of names: `0.12 < 0.14`; `?` where there is none. */
  figures(values: Readonly<Record<string, Value>>, attributes: Device['attributes']): string;
}

/** Where in a condition's text something is asked for by its name. */
interface Asked {
  start: number;
  end: number;
  of: 'field' | 'attribute';
  name: string;
}

/** Why a text is no condition, and how far into the text that stands (0-based). */
export interface Flaw {
  message: string;
  offset: number;
}

/** What CEL writes for words that other languages have. */
const OPERATORS: Readonly<Record<string, string>> = { and: '&&', or: '||' };
/** What can be decided though one of its sides cannot. */
const BRANCHING: ReadonlySet<string> = new Set(['||', '&&', '?:']);
const CEL_TYPE = { number: 'double', boolean: 'bool', string: 'string' } as const;

/** Compiles conditions on the samples of one kind: CEL over its fields, in its units, and `attributes`. */
export class Conditions {
  readonly #kind: Kind;
  readonly #environment: Environment;

  constructor(kind: Kind) {
    this.#kind = kind;
    const attributes = Object.entries(kind.attributes).map(([name, { type }]) => [name, CEL_TYPE[type]]);
    const environment = new Environment()
      .registerType('Attributes', { fields: Object.fromEntries(attributes) })
      .registerVariable('attributes', 'Attributes');
    this.#environment = Object.entries(kind.fields).reduce(
      (known, [name, { type }]) => known.registerVariable(name, CEL_TYPE[type]),
      environment,
    );
  }

  /** Compiles `text`, or says everything that keeps it from being a condition. */
  compile(text: string): Condition | Flaw {
    try {
      const program = this.#environment.parse(text);
      const { fields, attributes, asked, doubt, branches } = this.#namesIn(program.ast);
      const { valid, type, error } = program.check();
      if (!valid) return this.#flaw(text, error);
      if (type !== 'bool') return { message: `it gives a ${type}, where a condition gives true or false`, offset: 0 };
      if (fields.length === 0)
        return { message: 'it asks for no field, so that no sample could ever change it', offset: 0 };
      if (doubt !== null) return doubt;
      // One for all askings: every sample is asked, and a new one each time shows.
      const context: Record<string, Value | Device['attributes'] | undefined> = {};
      return {
        text,
        fields,
        attributes,
        figures: (values, stated) => filled(text, asked, values, stated),
        isOptional: fields.some((name) => this.#kind.fields[name]?.optional === true),
        holds: (values, stated) => {
          for (const attribute of attributes) if (stated[attribute] === undefined) return null;
          for (const field of fields) {
            const value = values[field];
            if (value === undefined && !branches) return null;
            // Also a missing one is set: what the sample before it said is none of this one's.
            context[field] = value;
          }
          context.attributes = stated;
          try {
            return program(context) === true;
          } catch (error) {
            // A division by zero, or a missing field that decides: the sample cannot be judged by it.
            if (error instanceof EvaluationError) return null;
            throw error;
          }
        },
      };
    } catch (error) {
      return this.#flaw(text, error);
    }
  }

  /** The fields and attributes that an expression names; its own variables are neither. */
  #namesIn(ast: ASTNode) {
    const fields = new Set<string>();
    const attributes = new Set<string>();
    const asked: Asked[] = [];
    let doubt: Flaw | null = null;
    let branches = false;
    const visit = (node: unknown, walks: number): void => {
      if (Array.isArray(node)) {
        for (const one of node) visit(one, walks);
        return;
      }
      if (typeof node !== 'object' || node === null || !('op' in node)) return;
      const { op, args, start, end } = node as ASTNode;
      if (BRANCHING.has(op)) branches = true;
      const attribute = attributeIn(node as ASTNode);
      const message = unbounded(node as ASTNode, walks) ?? implausible(node as ASTNode, this.#kind);
      if (message !== null) doubt ??= { message, offset: start };
      if (op === 'id' && this.#kind.fields[args as string] !== undefined) {
        fields.add(args as string);
        asked.push({ start, end, of: 'field', name: args as string });
      } else if (attribute !== null) {
        attributes.add(attribute);
        asked.push({ start, end, of: 'attribute', name: attribute });
      } else visit(args, walks + Number(isWalk(node as ASTNode)));
    };
    visit(ast, 0);
    return { fields: [...fields], attributes: [...attributes], asked, doubt, branches };
  }

  #flaw(text: string, error: unknown): Flaw {
    if (!(error instanceof ParseError || error instanceof CelTypeError)) throw error;
    const { code, summary, range } = error;
    const at = range?.start ?? 0;
    const name = range === undefined ? '' : text.slice(range.start, range.end);
    if (code === 'unknown_variable') {
      const hint = didYouMean(name, [...Object.keys(this.#kind.fields), 'attributes']);
      return { message: `${this.#kind.id} has no field ${name}${hint}`, offset: at };
    }
    if (code === 'no_such_key') {
      const key = /^No such key: (\S+)/.exec(summary)?.[1] ?? name;
      const hint = didYouMean(key, Object.keys(this.#kind.attributes));
      return { message: `${this.#kind.id} has no attribute ${key}${hint}`, offset: at };
    }
    const word = /(?<=\s)(and|or)(?=\s)/.exec(text);
    if (error instanceof ParseError && word !== null)
      return { message: `write ${OPERATORS[word[0]]} for ${word[0]}`, offset: word.index };
    const hint = /double [-+*/] int|int [-+*/] double/.test(summary) ? ': write whole numbers as 1.0 in sums' : '';
    return { message: `${summary}${hint}`, offset: at };
  }
}

/** Whether compiling gave a flaw. */
export function isFlaw(compiled: Condition | Flaw): compiled is Flaw {
  return 'offset' in compiled;
}

function filled(
  text: string,
  asked: readonly Asked[],
  values: Readonly<Record<string, Value>>,
  attributes: Device['attributes'],
): string {
  let shown = '';
  let from = 0;
  for (const { start, end, of, name } of [...asked].sort((a, b) => a.start - b.start)) {
    const value = (of === 'field' ? values : attributes)[name];
    const figure = typeof value === 'number' ? Number(value.toPrecision(6)) : value;
    shown += text.slice(from, start) + (typeof figure === 'string' ? JSON.stringify(figure) : (figure ?? '?'));
    from = end;
  }
  return shown + text.slice(from);
}

/** The attribute that a node asks for, as `attributes.NAME` or `attributes["NAME"]`; null when it asks for none. */
function attributeIn({ op, args }: ASTNode): string | null {
  if (op !== '.' && op !== '[]') return null;
  const [of, name] = args as [ASTNode, string | ASTNode];
  if (of.op !== 'id' || of.args !== 'attributes') return null;
  if (typeof name === 'string') return name;
  return name.op === 'value' && typeof name.args === 'string' ? name.args : null;
}
