import { count } from '../format.ts';

/** A count in a table; naught steps back, so that the others are found. */
export function CountCell({ n, strong = false }: { n: number; strong?: boolean }) {
  return (
    <td className={n === 0 ? 'dim' : undefined} data-strong={strong && n > 0 ? true : undefined}>
      {count(n)}
    </td>
  );
}
