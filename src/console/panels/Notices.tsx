import { Progress } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiFailure, type Readiness } from '../api.ts';
import { useDesk } from '../desk.ts';
import { duration } from '../format.ts';
import type { Staleness } from '../staleness.ts';
import type { TownPicture } from '../useTown.ts';
import type { Tone } from './Tag.tsx';

interface NoticesProps {
  staleness: Staleness<keyof TownPicture>;
  ready: Readiness | null;
}

/** What must be said before any figure is read: no connection, parts that failed, checks that are not ok. */
export function Notices({ staleness, ready }: NoticesProps) {
  const { words, machineNow } = useDesk();
  // The header says loudly whose clock it is.
  const checks = Object.entries(ready?.checks ?? {}).filter(([name, state]) => state !== 'ok' && name !== 'clock');

  return (
    <div className="notices" aria-live="polite">
      {staleness.offline && (
        <Notice tone="breach">
          <strong>{words.offline}</strong>{' '}
          {staleness.lastAt !== null && words.offlineFor(duration(machineNow - staleness.lastAt, words))}
        </Notice>
      )}
      {!staleness.offline && staleness.failed.length > 0 && (
        <Notice tone="notice">
          {words.partlyStale(
            staleness.failed.map(({ part, error }) => words.check(words.part[part], because(error))).join(' · '),
          )}
        </Notice>
      )}
      {!staleness.offline &&
        checks.map(([name, state]) =>
          name === 'demo' ? <History key={name} state={state} /> : <Check key={name} name={name} state={state} />,
        )}
    </div>
  );

  function because(error: Error): string {
    if (!(error instanceof ApiFailure) || error.status === null) return words.noAnswer;
    return `${error.status} ${error.message}`;
  }
}

function Notice({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div className="notice" data-tone={tone} role={tone === 'breach' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

function Check({ name, state }: { name: string; state: string }) {
  const { words } = useDesk();
  return (
    <Notice tone="notice">
      {words.checksNotOk}
      {': '}
      {words.check(name, state)}
    </Notice>
  );
}

/** The demo's history in the making; its state is text with a percentage in it. */
function History({ state }: { state: string }) {
  const { words } = useDesk();
  const percent = /(\d+)\s*%/.exec(state)?.[1];
  if (percent === undefined) return <Check name="demo" state={state} />;
  return (
    <Notice tone="info">
      <span className="history">
        {words.history} {percent} %
        <Progress value={Number(percent)} aria-label={words.history} className="history-bar" />
      </span>
    </Notice>
  );
}
