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

/** What is wrong now, the most pressing first, and what came right last. */
export function AlertsPanel({ open, resolved }: { open: Polled<Alert[]>; resolved: Polled<Alert[]> }) {
  const { words } = useDesk();
  return (
    <div className="alerts">
      <Panel
        title={words.alerts.title}
        of={open}
        aside={
          open.value !== null && <Tag tone={open.value.length > 0 ? 'breach' : 'ok'}>{count(open.value.length)}</Tag>
        }
      >
        {(alerts) =>
          alerts.length === 0 ? (
            <p className="empty">{words.alerts.noneOpen}</p>
          ) : (
            <>
              <ol className="alert-list">
                {mostPressingFirst(alerts)
                  .slice(0, OPEN_SHOWN)
                  .map((alert) => (
                    <AlertRow key={alert.id} alert={alert} />
                  ))}
              </ol>
              {alerts.length > OPEN_SHOWN && <p className="empty">{words.alerts.more(alerts.length - OPEN_SHOWN)}</p>}
            </>
          )
        }
      </Panel>
      <Panel title={words.alerts.resolved} of={resolved}>
        {(alerts) =>
          alerts.length === 0 ? (
            <p className="empty">{words.alerts.noneResolved}</p>
          ) : (
            <ol className="alert-list">
              {lastResolvedFirst(alerts)
                .slice(0, RESOLVED_SHOWN)
                .map((alert) => (
                  <AlertRow key={alert.id} alert={alert} />
                ))}
            </ol>
          )
        }
      </Panel>
    </div>
  );
}
