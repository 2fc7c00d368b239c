import type { ASTNode } from '@marcbachmann/cel-js';
import type { Kind } from '../model/kind.ts';

/** Other units that a figure may have been meant in, by the kind's unit; and how many of them make one of the kind's. */
const OTHER_UNITS: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  MPa: [
    ['kPa', 1_000],
    ['bar', 10],
    ['m of water', 102],
  ],
  kPa: [
    ['Pa', 1_000],
    ['MPa', 0.001],
    ['mbar', 10],
  ],
  V: [['kV', 0.001]],
  A: [['mA', 1_000]],
  mA: [['A', 0.001]],
  W: [['kW', 0.001]],
  kWh: [['Wh', 1_000]],
};
type Range = readonly [low: number, high: number];

const COMPARISONS: readonly string[] = ['<', '<=', '>', '>=', '==', '!='];

/**
 * Why a comparison decides nothing: its figure lies outside of all that the field can be, so that no sample is ever on the
 * other side of it. Null for a comparison that decides, and for what is none.
 */
export function implausible({ op, args }: ASTNode, kind: Kind): string | null {
  if (!COMPARISONS.includes(op)) return null;
  const [left, right] = args as [ASTNode, ASTNode];
  return outside(left, right, kind) ?? outside(right, left, kind);
}

/** Why a rule never finds anything that wants a field of the kind to lie so far from where it was. Null where it may. */
export function implausibleDistance(name: string, distance: number, { fields }: Kind): string | null {
  const { range, unit } = fields[name] ?? {};
  if (range === undefined) return null;
  const most = range[1] - range[0];
  if (distance <= most) return null;
  return `${spanOf(name, range, unit)}: it never moves by ${distance}${hintFor(distance, unit, [0, most])}`;
}

function outside(field: ASTNode, figure: ASTNode, kind: Kind): string | null {
  if (field.op !== 'id' || typeof field.args !== 'string') return null;
  const { range, unit } = kind.fields[field.args] ?? {};
  const value = figureOf(figure);
  if (range === undefined || value === null || (value >= range[0] && value <= range[1])) return null;
  return `${spanOf(field.args, range, unit)}: no sample lies on the other side of ${value}${hintFor(value, unit, range)}`;
}

function spanOf(name: string, [low, high]: Range, unit: string | undefined): string {
  return `${name} is ${unit === undefined ? 'a number' : `in ${unit}`} from ${low} to ${high}`;
}

/** What to write where the figure was meant in another unit, in which it lies within `range`. */
function hintFor(value: number, unit: string | undefined, [low, high]: Range): string {
  const meant = (OTHER_UNITS[unit ?? ''] ?? []).find(([, per]) => value / per >= low && value / per <= high);
  return meant === undefined ? '' : `; for ${value} ${meant[0]} write ${plain(value / meant[1])}`;
}

function figureOf({ op, args }: ASTNode): number | null {
  if (op === '-_') {
    const value = figureOf(args as ASTNode);
    return value === null ? null : -value;
  }
  return op === 'value' && (typeof args === 'number' || typeof args === 'bigint') ? Number(args) : null;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}
