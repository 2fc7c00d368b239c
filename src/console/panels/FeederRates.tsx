import type { LightingRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { worstRateFirst } from '../order.ts';
import type { Polled } from '../usePolling.ts';
import { Panel } from './Panel.tsx';
import { RateTable } from './RateTable.tsx';

const SHOWN = 10;

/** The feeders that need a look most. */
export function FeederRates({ rates }: { rates: Polled<LightingRate[]> }) {
  const { words } = useDesk();
  const dark = rates.value?.some((rate) => rate.dark) ?? true;
  return (
    <Panel title={dark ? words.feeders.title : words.feeders.lastNight} of={rates}>
      {(groups) => <RateTable rates={worstRateFirst(groups).slice(0, SHOWN)} name={words.feeders.name} />}
    </Panel>
  );
}
