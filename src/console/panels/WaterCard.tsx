import { useMemo } from 'react';
import type { Alert } from '../../model/alert.ts';
import type { Bucket, ListedDevice } from '../api.ts';
import { useDesk } from '../desk.ts';
import { count, measure } from '../format.ts';
import { newestTime } from '../newest.ts';
import { type PointPressure, summarise } from '../pressures.ts';
import type { Polled } from '../usePolling.ts';
import { Figure, Panel, SourceLine } from './Panel.tsx';
import { Tag } from './Tag.tsx';

const SHOWN = 3;

interface WaterCardProps {
  buckets: Polled<Bucket[]>;
  devices: Polled<ListedDevice[]>;
  alerts: Polled<Alert[]>;
}

/** Water pressure against each point's own limit, the points with the least margin by name. */
export function WaterCard({ buckets, devices, alerts }: WaterCardProps) {
  const { words } = useDesk();
  const points = useMemo(
    () => (devices.value ?? []).filter((device) => device.kind === 'water-pressure' && device.retiredAt === null),
    [devices.value],
  );
  const summary = useMemo(() => summarise(buckets.value ?? [], points), [buckets.value, points]);
  const open = alerts.value?.filter((alert) => 'pressure' in alert.values).length;
  return (
    <Panel
      title={words.water.title}
      of={buckets}
      className="water"
      footer={<SourceLine source={words.water.source} at={newestTime(buckets.value ?? [])} />}
    >
      {() => (
        <>
          <p className="headline" data-strong={summary.below > 0 ? true : undefined}>
            {summary.points.length === 0 ? words.none : count(summary.below)}
            <small>{words.water.belowLimit(summary.below)}</small>
          </p>
          <p className="remark">{words.water.points(summary.points.length, points.length)}</p>
          <dl className="figures">
            <Figure name={words.water.lowest} value={summary.min === null ? words.none : megapascal(summary.min)} />
            <Figure
              name={words.water.median}
              value={summary.median === null ? words.none : megapascal(summary.median)}
            />
            <Figure
              name={words.water.alerts}
              value={open === undefined ? words.none : count(open)}
              strong={open !== undefined && open > 0}
            />
          </dl>
          {summary.points.length > 0 && <p className="remark">{words.water.order}</p>}
          <ul className="points">
            {summary.points.slice(0, SHOWN).map((point) => (
              <Point key={point.id} point={point} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function Point({ point }: { point: PointPressure }) {
  const { language, names, words } = useDesk();
  const below = point.limit !== null && point.pressure < point.limit;
  return (
    <li>
      <span className="point-name">
        {names.device(point.id)?.[language] ?? point.id}{' '}
        {point.limit !== null && (
          <span className="dim">{words.water.limit(measure(point.limit), signed(point.pressure - point.limit))}</span>
        )}
      </span>
      <span>
        {below ? (
          <Tag tone="breach" mark="✗">
            {megapascal(point.pressure)}
          </Tag>
        ) : (
          megapascal(point.pressure)
        )}
      </span>
    </li>
  );
}

/** MPa above a limit, or with its minus below. */
function signed(margin: number): string {
  return `${margin < 0 ? '\u2212' : '+'}${Math.abs(margin).toFixed(3)}`;
}

function megapascal(pressure: number): string {
  return `${pressure.toFixed(3)}\u202fMPa`;
}
