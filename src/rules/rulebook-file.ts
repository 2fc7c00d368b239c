import { readFileSync } from 'node:fs';
import { messageOf, type Problem, TownError } from '../kernel/errors.ts';
import type { Kinds } from '../model/kind.ts';
import type { Plan, Town } from '../model/town.ts';
import { type RulebookSurroundings, readRulebook } from './rulebook.ts';

/** The rulebook's name in the town's folder. */
export const RULEBOOK_FILE = 'rules.yaml';

/** How many rules a text holds, or everything that is wrong with it. */
export interface RulebookCheck {
  rules: number;
  problems: readonly Problem[];
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
