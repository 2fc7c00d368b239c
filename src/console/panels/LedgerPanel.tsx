import type { Ledger } from '../../model/ledger.ts';
import { useDesk } from '../desk.ts';
import { bytes, count } from '../format.ts';
import type { Polled } from '../usePolling.ts';
import { Figure, Panel } from './Panel.tsx';
import { Tag } from './Tag.tsx';

const STORE_TONE = { up: 'ok', slow: 'notice', down: 'breach' } as const;

/** The loss ledger: what came in, where it went, and whether the two agree. */
export function LedgerPanel({ ledger }: { ledger: Polled<Ledger> }) {
  const { words } = useDesk();
  const w = words.ledger;
  return (
    <Panel title={w.title} of={ledger} className="ledger" footer={<span>{w.equation}</span>}>
      {(it) => {
        const missing = it.received - it.stored - it.duplicate - it.rejected - it.pending;
        return (
          <>
            <p className="balance">
              <Tag tone={it.balanced ? 'ok' : 'breach'} mark={it.balanced ? '✓' : '✗'}>
                {it.balanced ? w.balanced : w.unbalanced(count(missing))}
              </Tag>
            </p>
            <dl className="figures">
              <Figure name={w.received} value={count(it.received)} />
              <Figure name={w.stored} value={count(it.stored)} />
              <Figure name={w.duplicate} value={count(it.duplicate)} />
              <Figure name={w.rejected} value={count(it.rejected)} />
              <Figure name={w.pending} value={count(it.pending)} />
              <Figure name={w.merged} value={count(it.merged)} />
            </dl>
            <dl className="rows">
              <Figure
                name={`${w.store} ${it.history.store}`}
                value={<Tag tone={STORE_TONE[it.history.state]}>{w.storeState[it.history.state]}</Tag>}
              />
              <Figure name={w.lag} value={`${it.history.lagSeconds.toFixed(1)}\u202fs`} />
              <Figure
                name={w.journal}
                value={w.of(bytes(it.history.journalBytes), bytes(it.history.journalMaxBytes))}
              />
            </dl>
          </>
        );
      }}
    </Panel>
  );
}
