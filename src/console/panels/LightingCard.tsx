import type { LightingRate, NightRate } from '../api.ts';
import { useDesk } from '../desk.ts';
import { count, percent, wholePercent } from '../format.ts';
import type { Polled } from '../usePolling.ts';
import { reasonWord } from '../verdict.ts';
import { Figure, Panel, SourceLine } from './Panel.tsx';
import { RateScale } from './RateScale.tsx';
import { VerdictTag } from './Tag.tsx';

/** The town's lighting rate: the one figure a bureau quotes, and the interval that the truth lies in. */
export function LightingCard({ rate }: { rate: Polled<LightingRate[]> }) {
  const { words } = useDesk();
  const town = rate.value?.[0];
  return (
    <Panel
      title={words.lighting.title}
      of={rate}
      className="lighting"
      aside={town && <VerdictTag verdict={town.verdict} reason={town.reason} />}
      footer={<SourceLine source={words.lighting.source} at={town ? Date.parse(town.at) : null} />}
    >
      {() => {
        if (town === undefined) return <p className="empty">{words.noData}</p>;
        return town.dark ? <Tonight rate={town} /> : <ByDay rate={town} />;
      }}
    </Panel>
  );
}

function Tonight({ rate }: { rate: LightingRate }) {
  const { words } = useDesk();
  const { low, high, reported, coverage } = rate;
  return (
    <div className="lighting-body">
      <div>
        <p className="headline">
          {reported === null ? words.none : percent(reported)}
          <small>{words.lighting.target(wholePercent(rate.target))}</small>
        </p>
        {low !== null && high !== null && <RateScale low={low} high={high} target={rate.target} />}
      </div>
      <dl className="figures">
        {low !== null && high !== null && (
          <Figure name={words.lighting.interval} value={`${percent(low)} – ${percent(high)}`} wide />
        )}
        <Figure name={words.lighting.coverage} value={coverage === null ? words.none : percent(coverage)} wide />
        <Figure name={words.lighting.expected} value={count(rate.expected)} />
        <Figure name={words.lighting.lit} value={count(rate.lit)} />
        <Figure name={words.lighting.out} value={count(rate.out)} />
        <Figure name={words.lighting.unknown} value={count(rate.unknown)} />
      </dl>
    </div>
  );
}

function ByDay({ rate }: { rate: LightingRate }) {
  const { words } = useDesk();
  return (
    <div className="lighting-body">
      <div>
        <p className="headline quiet">
          {reasonWord(words, rate.reason) ?? words.reason.daylight}
          <small>{words.lighting.target(wholePercent(rate.target))}</small>
        </p>
      </div>
      {rate.lastNight ? <LastNight night={rate.lastNight} /> : <p className="empty">{words.lighting.noLastNight}</p>}
    </div>
  );
}

function LastNight({ night }: { night: NightRate }) {
  const { words } = useDesk();
  return (
    <dl className="figures">
      <Figure
        name={words.lighting.lastNight(night.date.slice(5))}
        value={night.reported === null ? words.none : percent(night.reported)}
        wide
      />
      {night.low !== null && night.high !== null && (
        <Figure name={words.lighting.interval} value={`${percent(night.low)} – ${percent(night.high)}`} wide />
      )}
      <Figure name={words.rate.verdict} value={<VerdictTag verdict={night.verdict} />} />
    </dl>
  );
}
