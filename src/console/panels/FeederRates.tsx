import type { LightingRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { isByDay, worstRateFirst } from '../order.ts';
import type { Polled } from '../usePolling.ts';
import { Panel } from './Panel.tsx';
import { RateTable } from './RateTable.tsx';

const SHOWN = 10;

/** The feeders that need a look most. */
export function FeederRates({ rates }: { rates: Polled<LightingRate[]> }) {
  const { words } = useDesk();
  const byDay = isByDay(rates.value ?? []);
  return (
    <Panel title={byDay ? words.feeders.lastNight : words.feeders.title} of={rates}>
      {(groups) => (
        <RateTable rates={worstRateFirst(groups).slice(0, SHOWN)} name={words.feeders.name} none={words.feeders.none} />
      )}
    </Panel>
  );
}
