import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Severity } from '../src/model/alert.ts';
import type { Field, Kinds } from '../src/model/kind.ts';
import { Rule } from '../src/model/rule.ts';
import type { Plan, Town } from '../src/model/town.ts';
import { loadKinds } from '../src/registry/kinds.ts';
import { loadTown } from '../src/registry/town-folder.ts';
import { loadRulebook } from '../src/rules/rulebook.ts';
import { RULEBOOK_FILE, readRulebookFile, surroundings } from '../src/rules/rulebook-file.ts';

/** From `from` on (-Infinity: from the lowest value), a value is of this colour. */
export interface Step {
  from: number;
  color: string;
}

const RANK: readonly Severity[] = ['info', 'minor', 'major', 'critical'];
/** How bad a value is, as the boards show it. */
export const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  info: 'blue',
  minor: 'yellow',
  major: 'orange',
  critical: 'red',
};
export const GOOD = 'green';
export const BAD = 'red';

/**
 * What the boards are made from: the kinds, and the town with its rules and its plan. Names, units, intervals and
 * thresholds of a board come from here, so that none is typed a second time.
 */
export class Facts {
  readonly kinds: Kinds;
  readonly town: Town;
  readonly rules: readonly Rule[];
  readonly plan: Plan;

  constructor(kinds: Kinds, town: Town, rules: readonly Rule[], plan: Plan) {
    this.kinds = kinds;
    this.town = town;
    this.rules = rules;
    this.plan = plan;
  }

  /** Reads them as the service does. @throws TownError with every problem of the files */
  static read(townFolder: string, kindsFolder: string): Facts {
    const kinds = loadKinds(kindsFolder);
    const { town, plan } = loadTown(townFolder);
    const path = join(townFolder, RULEBOOK_FILE);
    const text = readRulebookFile(path);
    loadRulebook(text, path, surroundings(kinds, town, plan));
    return new Facts(kinds, town, z.array(Rule).parse(parse(text)), plan);
  }

  /** A field of a kind. @throws Error for one that there is not: a board would ask in vain */
  field(kind: string, field: string): Field {
    const found = this.kinds.get(kind)?.fields[field];
    if (found === undefined) throw new Error(`${kind} has no field ${field}`);
    return found;
  }

  /** How often a device of the kind speaks, s. */
  interval(kind: string): number {
    const found = this.kinds.get(kind);
    if (found === undefined) throw new Error(`there is no kind ${kind}`);
    return found.reportInterval;
  }

  /** What the plan has promised of a metric, 0..1; null where this town has no such promise. */
  target(metric: string): number | null {
    return this.plan.targets.find((target) => target.metric === metric)?.target ?? null;
  }

  /** The lighting rate that the rules want of the whole town, 0..1, or else the plan; null where neither wants one. */
  lightingTarget(): number | null {
    const rule = this.rules.find((rule) => rule.type === 'ratio' && rule.groupBy.includes('town'));
    return rule?.type === 'ratio' ? rule.target : this.target('lighting-rate');
  }

  /**
   * The colours of a field's values, by the rules that hold it against a figure (`leak >= 25`); a limit that each device
   * states for itself (`attributes.minPressure`) is no figure. None where no rule does.
   */
  steps(kind: string, field: string): Step[] {
    const limits = this.rules.flatMap((rule) => {
      if (rule.type !== 'threshold' || rule.kind !== kind) return [];
      const [, name, operator = '', figure] = /^(\w+) *(<=?|>=?) *(-?\d+(?:\.\d+)?)$/.exec(rule.when) ?? [];
      return name === field ? [{ operator, figure: Number(figure), severity: rule.severity }] : [];
    });
    const figures = [...new Set(limits.map(({ figure }) => figure))].sort((a, b) => a - b);
    const [first] = figures;
    if (first === undefined) return [];
    return [Number.NEGATIVE_INFINITY, ...figures].map((from, index) => {
      const next = figures[index];
      const [low, high] = [index === 0 ? first - 2 : from, next ?? from + 2];
      const broken = limits.filter((limit) => holds(limit, (low + high) / 2)).map(({ severity }) => severity);
      const worst = broken.sort((a, b) => RANK.indexOf(b) - RANK.indexOf(a))[0];
      return { from, color: worst === undefined ? GOOD : SEVERITY_COLORS[worst] };
    });
  }
}

function holds({ operator, figure }: { operator: string; figure: number }, value: number): boolean {
  return operator.startsWith('<') ? value < figure : value > figure;
}
