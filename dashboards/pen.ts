import { WORDS, type Words } from '../src/console/words.ts';
import type { Name } from '../src/model/primitives.ts';
import type { Facts } from './facts.ts';

/** Languages of the boards; each board is made once in each. */
export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Grafana's own ids of units that it scales or writes in its own way; any other unit is written as it is. */
const UNITS: Readonly<Record<string, string>> = {
  '%': 'percent',
  W: 'watt',
  V: 'volt',
  A: 'amp',
  kWh: 'kwatth',
  lx: 'lux',
};
/** Of a rate 0..1. */
export const RATE = 'percentunit';

/** Writes boards in one language, from the facts. */
export class Pen {
  readonly language: Language;
  readonly facts: Facts;
  /** Where the service's own page is, as the reader's browser reaches it. */
  readonly service: string;

  constructor(language: Language, facts: Facts, service: string) {
    this.language = language;
    this.facts = facts;
    this.service = service;
  }

  /** The console's words in this language: boards call a thing what the console calls it. */
  get words(): Words {
    return WORDS[this.language];
  }

  say(name: Name): string {
    return name[this.language];
  }

  /** A field's name. */
  field(kind: string, field: string): string {
    return this.say(this.facts.field(kind, field).name);
  }

  /** A field's unit as Grafana knows it; `short` (a plain number) for counts and switches. */
  unit(kind: string, field: string): string {
    const { unit } = this.facts.field(kind, field);
    return unit === undefined ? 'short' : (UNITS[unit] ?? `suffix:${unit}`);
  }

  /** The service's page in the reader's language. */
  get page(): string {
    return `${this.service}/?lang=${this.language}`;
  }
}
