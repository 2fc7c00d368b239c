import { useMemo } from 'react';
import type { Alert } from '../../model/alert.ts';
import type { LeakReading } from '../api.ts';
import { useDesk } from '../desk.ts';
import { count } from '../format.ts';
import { type DetectorReading, highestLeakFirst, leakingDevices } from '../leaks.ts';
import { newestTime } from '../newest.ts';
import type { Polled } from '../usePolling.ts';
import { Panel, SourceLine } from './Panel.tsx';
import { Tag } from './Tag.tsx';

const SHOWN = 5;

/** How many devices leak, and the detectors that reported the highest concentration last. */
export function GasCard({ readings, alerts }: { readings: Polled<LeakReading[]>; alerts: Polled<Alert[]> }) {
  const { words } = useDesk();
  const detectors = useMemo(
    () => highestLeakFirst(readings.value ?? [], alerts.value ?? []),
    [readings.value, alerts.value],
  );
  const leaking = alerts.value === null ? null : leakingDevices(alerts.value).size;
  return (
    <Panel
      title={words.gas.title}
      of={readings}
      className="gas"
      footer={<SourceLine source={words.gas.source} at={newestTime(detectors)} />}
    >
      {() => (
        <>
          <p className="headline" data-strong={leaking !== null && leaking > 0 ? true : undefined}>
            {leaking === null ? words.none : count(leaking)}
            <small>{words.gas.leaking(leaking ?? 0)}</small>
          </p>
          <p className="remark">{words.gas.detectors(detectors.length)}</p>
          <ul className="points">
            {detectors.slice(0, SHOWN).map((detector) => (
              <Detector key={detector.device} detector={detector} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Detector({ detector: { device, leak, leaking } }: { detector: DetectorReading }) {
  const { language, names } = useDesk();
  const concentration = `${leak.toFixed(1)}\u202f%LEL`;
  return (
    <li>
      <span className="point-name">
        {names.device(device)?.[language]} <code>{device}</code>
      </span>
      <span>
        {leaking ? (
          <Tag tone="breach" mark="✗">
            {concentration}
          </Tag>
        ) : (
          concentration
        )}
      </span>
    </li>
  );
}
