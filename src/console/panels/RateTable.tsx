import type { LightingRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { percent } from '../format.ts';
import { rateInForce } from '../order.ts';
import { CountCell } from './CountCell.tsx';
import { VerdictTag } from './Tag.tsx';

interface RateTableProps {
  rates: readonly LightingRate[];
  name: string;
  /** What to say when there are no groups. */
  none: string;
}

/** Groups of lamps and their rates: tonight's, or by day last night's. */
export function RateTable({ rates, name, none }: RateTableProps) {
  const { words } = useDesk();
  if (rates.length === 0) return <p className="empty">{none}</p>;
  const dark = rates.some((rate) => rate.dark);
  return (
    <table className="grid rates">
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">{words.rate.rate}</th>
          {dark && (
            <>
              <th scope="col">{words.lighting.out}</th>
              <th scope="col">{words.lighting.unknown}</th>
            </>
          )}
          <th scope="col">{words.rate.verdict}</th>
        </tr>
      </thead>
      <tbody>
        {rates.map((rate) => (
          <RateRow key={rate.id} rate={rate} counts={dark} />
        ))}
      </tbody>
    </table>
  );
}

function RateRow({ rate, counts }: { rate: LightingRate; counts: boolean }) {
  const { language, words } = useDesk();
  const inForce = rateInForce(rate);
  return (
    <tr>
      <th scope="row" title={rate.id}>
        {rate.name[language]}
      </th>
      <td>{inForce === null || inForce.reported === null ? words.none : percent(inForce.reported)}</td>
      {counts && (
        <>
          <CountCell n={rate.out} />
          <CountCell n={rate.unknown} />
        </>
      )}
      <td>
        {inForce === null ? (
          words.none
        ) : (
          <VerdictTag verdict={inForce.verdict} reason={rate.dark ? rate.reason : null} />
        )}
      </td>
    </tr>
  );
}
