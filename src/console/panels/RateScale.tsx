import { useDesk } from '../desk.ts';
import { percent, wholePercent } from '../format.ts';

interface RateScaleProps {
  low: number;
  high: number;
  target: number;
}

/** Where the interval lies to the target, on a scale that starts at the ten percent below it: near 97 % each lamp shows. */
export function RateScale({ low, high, target }: RateScaleProps) {
  const { words } = useDesk();
  const start = Math.min(0.9, Math.floor(low * 10) / 10);
  const place = (rate: number) => `${((rate - start) / (1 - start)) * 100}%`;
  const verdict = high < target ? 'breach' : low >= target ? 'ok' : 'unknown';
  return (
    <div
      className="scale"
      role="img"
      aria-label={words.lighting.scale(percent(low), percent(high), wholePercent(target))}
    >
      <div className="scale-track">
        <div
          className="scale-span"
          data-tone={verdict}
          style={{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }}
        />
        <div className="scale-target" style={{ left: place(target) }} />
      </div>
      <div className="scale-ends" aria-hidden="true">
        <span>{wholePercent(start)}</span>
        <span style={{ left: place(target) }} className="scale-target-label">
          {wholePercent(target)}
        </span>
        <span>{wholePercent(1)}</span>
      </div>
    </div>
  );
}
