import type { LightingRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { worstRateFirst } from '../order.ts';
import type { Polled } from '../usePolling.ts';
import { Panel } from './Panel.tsx';
import { RateTable } from './RateTable.tsx';

/** Every village's lighting rate, the worst first. */
export function VillageRates({ rates }: { rates: Polled<LightingRate[]> }) {
  const { words } = useDesk();
  const dark = rates.value?.some((rate) => rate.dark) ?? true;
  return (
    <Panel title={dark ? words.villages.title : words.villages.lastNight} of={rates}>
      {(groups) => <RateTable rates={worstRateFirst(groups)} name={words.villages.name} />}
    </Panel>
  );
}
