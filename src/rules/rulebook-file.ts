import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import type { Kinds } from '../model/kind.ts';
import type { Plan, Town } from '../model/town.ts';
import { contentOf, loadRulebook, type Rulebook, type RulebookSurroundings, readRulebook } from './rulebook.ts';

/** The rulebook's name in the town's folder. */
export const RULEBOOK_FILE = 'rules.yaml';

/** How many rules a text holds, or everything that is wrong with it. */
export interface RulebookCheck {
  rules: number;
  problems: readonly Problem[];
}

/** What a rulebook changes of the one before it: ids of rules. */
export interface RulebookChange {
  /** `sha256:…` of the one that is in force now. */
  version: string;
  added: string[];
  /** They judge otherwise: they begin anew, and their open alerts stay until they find them over. */
  changed: string[];
  /** They judge as before; their name, severity, basis, organisation or order of precedence is another. */
  reworded: string[];
  /** Their alerts are closed. */
  removed: string[];
  /** How many stayed as they were. */
  kept: number;
}

/** The town's own rulebook: its file, and what of it was put in force last. */
export class TownRulebook {
  readonly #path: string;
  readonly #around: RulebookSurroundings;
  #book: Rulebook;

  /** Reads the file in the town's folder. @throws TownError `rulebook-invalid` with every problem */
  constructor(folder: string, around: RulebookSurroundings) {
    this.#path = join(folder, RULEBOOK_FILE);
    this.#around = around;
    this.#book = this.#readFile();
  }

  /** What was put in force last. */
  get book(): Rulebook {
    return this.#book;
  }

  /** Reads a text that is not put in force. @throws TownError `rulebook-invalid` with every problem */
  read(text: string): Rulebook {
    return loadRulebook(text, RULEBOOK_FILE, this.#around);
  }

  /** Checks a text that is not put in force. */
  check(text: string): RulebookCheck {
    return checkRulebook(text, RULEBOOK_FILE, this.#around);
  }

  /**
   * Reads the file anew and puts it in force by `record`, whole or not at all.
   * @throws TownError `rulebook-invalid` with every problem; the one in force stays
   */
  async reload(record: (book: Rulebook) => Promise<unknown>): Promise<RulebookChange> {
    const [before, after] = [this.#book, this.#readFile()];
    await record(after);
    this.#book = after;
    return differenceOf(before, after);
  }

  #readFile(): Rulebook {
    return loadRulebook(readRulebookFile(this.#path), this.#path, this.#around);
  }
}

/** What `after` changes of `before`. */
export function differenceOf(before: Rulebook, after: Rulebook): RulebookChange {
  const old = new Map(before.rules.map((rule) => [rule.id, rule]));
  const change: RulebookChange = { version: after.version, added: [], changed: [], reworded: [], removed: [], kept: 0 };
  for (const rule of after.rules) {
    const was = old.get(rule.id);
    old.delete(rule.id);
    if (was === undefined) change.added.push(rule.id);
    else if (contentOf(was) !== contentOf(rule)) change.changed.push(rule.id);
    else if (JSON.stringify(was) !== JSON.stringify(rule)) change.reworded.push(rule.id);
    else change.kept++;
  }
  change.removed.push(...old.keys());
  return change;
}

/** The text of a rulebook. @throws TownError `rulebook-invalid` when the file cannot be read */
export function readRulebookFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TownError('rulebook-invalid', `the rulebook ${path} cannot be read (${messageOf(error)})`);
  }
}

/** Checks the text of a rulebook; `file` is what its problems are named by. */
export function checkRulebook(text: string, file: string, around: RulebookSurroundings): RulebookCheck {
  const read = readRulebook(text, file, around);
  return read.ok ? { rules: read.book.rules.length, problems: [] } : { rules: 0, problems: read.problems };
}

/** What the rules of a town may name. */
export function surroundings(kinds: Kinds, town: Town, plan: Plan): RulebookSurroundings {
  return { kinds, organisations: town.organisations.map(({ id }) => id), targets: plan.targets.map(({ id }) => id) };
}
