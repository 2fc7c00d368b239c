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

function outside(field: ASTNode, figure: ASTNode, kind: Kind): string | null {
  if (field.op !== 'id' || typeof field.args !== 'string') return null;
  const { range, unit } = kind.fields[field.args] ?? {};
  const value = figureOf(figure);
  if (range === undefined || value === null) return null;
  const [low, high] = range;
  if (value >= low && value <= high) return null;
  const inUnit = unit === undefined ? '' : ` in ${unit}`;
  const meant = (OTHER_UNITS[unit ?? ''] ?? []).find(([, per]) => value / per >= low && value / per <= high);
  const hint = meant === undefined ? '' : `; for ${value} ${meant[0]} write ${plain(value / meant[1])}`;
  return `${field.args} is${inUnit || ' a number'} from ${low} to ${high}: no sample lies on the other side of ${value}${hint}`;
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
