import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Alert } from '../../model/alert.ts';
import { useDesk } from '../desk.ts';
import { count } from '../format.ts';
import { lastResolvedFirst, mostPressingFirst } from '../order.ts';
import type { Polled } from '../usePolling.ts';
import { AlertRow } from './AlertRow.tsx';
import { Panel } from './Panel.tsx';
import { Tag } from './Tag.tsx';

const OPEN_SHOWN = 12;
const RESOLVED_SHOWN = 5;

/** What is wrong now, the most pressing first; the rest of a long list is one press away, at the top where it is seen. */
export function OpenAlerts({ open }: { open: Polled<Alert[]> }) {
  const { words } = useDesk();
  const [whole, setWhole] = useState(false);
  const all = open.value?.length ?? 0;
  return (
    <Panel
      title={words.alerts.title}
      of={open}
      className="open-alerts"
      aside={
        open.value !== null && (
          <>
            <Tag tone={all > 0 ? 'breach' : 'ok'}>{count(all)}</Tag>
            {all > OPEN_SHOWN && (
              <Button size="compact-sm" variant="default" onClick={() => setWhole(!whole)}>
                {whole ? words.alerts.showFewer : words.alerts.showAll(all - OPEN_SHOWN)}
              </Button>
            )}
          </>
        )
      }
    >
      {(alerts) => (
        <AlertList alerts={mostPressingFirst(alerts).slice(0, whole ? all : OPEN_SHOWN)} none={words.alerts.noneOpen} />
      )}
    </Panel>
  );
}

/** What came right last. */
export function ResolvedAlerts({ resolved }: { resolved: Polled<Alert[]> }) {
  const { words } = useDesk();
  return (
    <Panel title={words.alerts.resolved} of={resolved} className="resolved-alerts">
      {(alerts) => (
        <AlertList alerts={lastResolvedFirst(alerts).slice(0, RESOLVED_SHOWN)} none={words.alerts.noneResolved} />
      )}
    </Panel>
  );
}

function AlertList({ alerts, none }: { alerts: readonly Alert[]; none: string }) {
  if (alerts.length === 0) return <p className="empty">{none}</p>;
  return (
    <ol className="alert-list">
      {alerts.map((alert) => (
        <AlertRow key={alert.id} alert={alert} />
      ))}
    </ol>
  );
}
