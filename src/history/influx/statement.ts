import { instant } from '../../model/primitives.ts';

/** A value as InfluxDB binds it: a bare string is text. */
type Parameter = string | number | { identifier: string } | { duration: string };

/** The first and last instants that InfluxDB can tell, ms. */
const FIRST = -9_223_372_036_854;
const LAST = 9_223_372_036_854;

/**
 * InfluxQL statements with what is bound to them. Names, values, instants and numbers are parameters, each put in by the
 * server as one token of its own kind: nothing of them is pasted into the text.
 */
export class Statement {
  readonly parameters: Record<string, Parameter> = {};
  readonly #bound = new Map<string, string>();
  readonly #statements: string[] = [];

  /** The statements, as they are sent. */
  get text(): string {
    return this.#statements.join('; ');
  }

  /** Adds a statement; the answer to the first one added comes first. */
  add(text: string): void {
    this.#statements.push(text);
  }

  /** The name of a measurement, tag or field. */
  name(name: string): string {
    return this.#bind(`name ${name}`, { identifier: name });
  }

  /** A text that a tag is compared with. */
  value(text: string): string {
    return this.#bind(`value ${text}`, text);
  }

  /** An instant, ms; one beyond InfluxDB's time is its last. */
  instant(ms: number): string {
    const within = instant(Math.min(LAST, Math.max(FIRST, Math.trunc(ms))));
    return this.#bind(`instant ${within}`, within);
  }

  /** A width of time, whole ms. */
  width(ms: number): string {
    return this.#bind(`width ${ms}`, { duration: `${Math.trunc(ms)}ms` });
  }

  /** A whole number. */
  number(value: number): string {
    return this.#bind(`number ${value}`, Math.trunc(value));
  }

  /** A condition that a tag is one of `values`, of which there is at least one; '' is a tag that is not there. */
  among(tag: string, values: readonly string[]): string {
    const name = this.name(tag);
    return `(${values.map((value) => `${name} = ${this.value(value)}`).join(' OR ')})`;
  }

  #bind(key: string, value: Parameter): string {
    const known = this.#bound.get(key);
    if (known !== undefined) return known;
    const parameter = `p${this.#bound.size}`;
    this.parameters[parameter] = value;
    this.#bound.set(key, `$${parameter}`);
    return `$${parameter}`;
  }
}
