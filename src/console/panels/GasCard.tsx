import { useMemo } from 'react';
import type { Alert } from '../../model/alert.ts';
import type { Bucket } from '../api.ts';
import { useDesk } from '../desk.ts';
import { count } from '../format.ts';
import { newestOfEach, newestTime } from '../newest.ts';
import type { Polled } from '../usePolling.ts';
import { Panel, SourceLine } from './Panel.tsx';

const SHOWN = 4;

/** Open leak alerts, and the regulators whose detectors reported the highest concentration last. */
export function GasCard({ buckets, alerts }: { buckets: Polled<Bucket[]>; alerts: Polled<Alert[]> }) {
  const { language, names, words } = useDesk();
  const highest = useMemo(
    () => newestOfEach(buckets.value ?? []).sort((a, b) => (b.max ?? 0) - (a.max ?? 0)),
    [buckets.value],
  );
  const leaks = alerts.value?.filter((alert) => 'leak' in alert.values).length;
  return (
    <Panel
      title={words.gas.title}
      of={buckets}
      footer={<SourceLine source={words.gas.source} at={newestTime(highest)} />}
    >
      {() => (
        <>
          <p className="headline" data-strong={leaks !== undefined && leaks > 0 ? true : undefined}>
            {leaks === undefined ? words.none : count(leaks)}
            <small>{words.gas.alerts(leaks ?? 0)}</small>
          </p>
          <p className="remark">{words.gas.regulators(highest.length)}</p>
          <ul className="points">
            {highest.slice(0, SHOWN).map(({ device, max }) => (
              <li key={device}>
                <span className="point-name">{names.device(device)?.[language] ?? device}</span>
                <span>{max === undefined ? words.none : `${max.toFixed(1)}\u202f%LEL`}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
