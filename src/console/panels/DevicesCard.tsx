import { useMemo } from 'react';
import type { ListedDevice } from '../api.ts';
import { useDesk } from '../desk.ts';
import { count } from '../format.ts';
import { type Inventory, takeInventory } from '../inventory.ts';
import type { Polled } from '../usePolling.ts';
import { CountCell } from './CountCell.tsx';
import { Panel, SourceLine } from './Panel.tsx';

/** How many devices are heard from, by kind and verdict. */
export function DevicesCard({ devices }: { devices: Polled<ListedDevice[]> }) {
  const { words, townNow, machineNow } = useDesk();
  const inventory = useMemo(() => takeInventory(devices.value ?? []), [devices.value]);
  const { all } = inventory;
  return (
    <Panel
      title={words.devices.title}
      of={devices}
      className="devices"
      footer={
        <SourceLine
          source={words.devices.source}
          at={townNow === null || devices.at === null ? null : townNow - (machineNow - devices.at)}
        />
      }
    >
      {() => (
        <>
          <p className="headline">
            {count(all.online)}
            <small>
              / {count(all.total)} {words.devices.online}
            </small>
          </p>
          {all.total === 0 ? <p className="empty">{words.devices.none}</p> : <Kinds inventory={inventory} />}
        </>
      )}
    </Panel>
  );
}

function Kinds({ inventory }: { inventory: Inventory }) {
  const { language, names, words } = useDesk();
  return (
    <table className="grid">
      <thead>
        <tr>
          <th scope="col">{words.devices.kind}</th>
          <th scope="col">{words.devices.total}</th>
          <th scope="col">{words.devices.silent}</th>
          <th scope="col">{words.devices.unknown}</th>
          <th scope="col">{words.devices.breach}</th>
        </tr>
      </thead>
      <tbody>
        {inventory.byKind.map(([kind, tally]) => (
          <tr key={kind}>
            <th scope="row">{names.kind(kind)?.[language] ?? kind}</th>
            <CountCell n={tally.total} />
            <CountCell n={tally.silent} />
            <CountCell n={tally.unknown} />
            <CountCell n={tally.breach} strong />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
