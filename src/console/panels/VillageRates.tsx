import type { LightingRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { isByDay, worstRateFirst } from '../order.ts';
import type { Polled } from '../usePolling.ts';
import { Panel } from './Panel.tsx';
import { RateTable } from './RateTable.tsx';

/** Every village's lighting rate, the worst first. */
export function VillageRates({ rates }: { rates: Polled<LightingRate[]> }) {
  const { words } = useDesk();
  const byDay = isByDay(rates.value ?? []);
  return (
    <Panel title={byDay ? words.villages.lastNight : words.villages.title} of={rates}>
      {(groups) => <RateTable rates={worstRateFirst(groups)} name={words.villages.name} none={words.villages.none} />}
    </Panel>
  );
}
