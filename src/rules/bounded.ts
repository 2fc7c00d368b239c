import type { ASTNode } from '@marcbachmann/cel-js';

/** What walks a list for each of its members. */
const WALKS: readonly string[] = ['all', 'exists', 'exists_one', 'map', 'filter'];

/**
 * Why a part of a condition could hold the service up, by how long it may take over one sample: a regular expression takes
 * ever so long over some texts, and a walk inside a walk the product of both. Null where it cannot; `walks` is how many walks
 * it stands in.
 */
export function unbounded(node: ASTNode, walks: number): string | null {
  if (callOf(node) === 'matches')
    return 'a regular expression may take for ever: compare with ==, in, startsWith, endsWith or contains';
  return walks > 0 && isWalk(node)
    ? 'a walk over a list inside another may take for ever: write them side by side'
    : null;
}

/** Whether it walks a list. */
export function isWalk(node: ASTNode): boolean {
  return WALKS.includes(callOf(node) ?? '');
}

/** The name of what is called; null where nothing is. */
function callOf({ op, args }: ASTNode): string | null {
  return op === 'call' || op === 'rcall' ? String((args as readonly unknown[])[0]) : null;
}
