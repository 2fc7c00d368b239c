import { Button, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import * as api from '../api.ts';
import { useDesk } from '../desk.ts';
import { moment } from '../format.ts';
import { usePolling } from '../usePolling.ts';
import { Panel } from './Panel.tsx';

const KINDS_MS = 60_000;
// A lost concentrator shows only after three intervals of five minutes: a fault must outlast that.
const USUAL_DURATION = '1h';
const DURATIONS = ['5m', '15m', '30m', '1h', '2h'];

/** Faults for the simulated town, where the service runs one. */
export function DemoFaults() {
  const kinds = usePolling(api.readFaultKinds, KINDS_MS);
  return kinds.value === null || kinds.value.length === 0 ? null : <Faults kinds={kinds.value} />;
}

function Faults({ kinds }: { kinds: api.FaultKind[] }) {
  const { words } = useDesk();
  const running = usePolling(api.readRunningFaults);
  const [refusal, setRefusal] = useState<string | null>(null);

  async function act(action: Promise<void>): Promise<void> {
    try {
      await action;
      setRefusal(null);
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
    running.refresh();
  }

  return (
    <Panel title={words.faults.title} of={running} className="faults" footer={<span>{words.faults.hint}</span>}>
      {(faults) => (
        <>
          <StartFault
            kinds={kinds}
            onStart={(fault, target, duration) => act(api.startFault(fault, target, duration))}
          />
          {refusal !== null && (
            <p className="notice" data-tone="breach" role="alert">
              {refusal}
            </p>
          )}
          {faults.length === 0 ? (
            <p className="empty">{words.faults.noneRunning}</p>
          ) : (
            <ul className="running" aria-label={words.faults.running}>
              {faults.map((fault) => (
                <RunningFault key={fault.id} fault={fault} kinds={kinds} onStop={() => act(api.stopFault(fault.id))} />
              ))}
            </ul>
          )}
        </>
      )}
    </Panel>
  );
}

interface StartFaultProps {
  kinds: api.FaultKind[];
  onStart: (fault: string, target: string, duration: string) => Promise<void>;
}

function StartFault({ kinds, onStart }: StartFaultProps) {
  const { language, words } = useDesk();
  const [fault, setFault] = useState(kinds[0]?.fault ?? '');
  const [chosen, setChosen] = useState<string | null>(null);
  const [duration, setDuration] = useState(USUAL_DURATION);
  const [busy, setBusy] = useState(false);
  const targets = kinds.find((kind) => kind.fault === fault)?.targets ?? [];
  const target = targets.find(({ id }) => id === chosen) ?? targets[0];

  async function start(): Promise<void> {
    if (target === undefined) return;
    setBusy(true);
    await onStart(fault, target.id, duration);
    setBusy(false);
  }

  return (
    <form
      className="start-fault"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Choice
        label={words.faults.fault}
        value={fault}
        onChange={setFault}
        data={kinds.map((kind) => ({ value: kind.fault, label: words.faults.kind[kind.fault] ?? kind.fault }))}
      />
      <Choice
        label={words.faults.target}
        value={target?.id ?? ''}
        onChange={setChosen}
        data={targets.map(({ id, name }) => ({ value: id, label: `${name[language]} (${id})` }))}
      />
      <Choice label={words.faults.duration} value={duration} onChange={setDuration} data={DURATIONS} />
      <Button type="submit" loading={busy} disabled={target === undefined}>
        {words.faults.start}
      </Button>
    </form>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  data: string[] | { value: string; label: string }[];
}

/** The platform's own drop-down list; its arrow is an ornament and is not read out. */
function Choice({ onChange, ...rest }: ChoiceProps) {
  return (
    <NativeSelect
      {...rest}
      onChange={(event) => onChange(event.currentTarget.value)}
      rightSectionProps={{ 'aria-hidden': true }}
    />
  );
}

interface RunningFaultProps {
  fault: api.RunningFault;
  kinds: api.FaultKind[];
  onStop: () => Promise<void>;
}

function RunningFault({ fault, kinds, onStop }: RunningFaultProps) {
  const { language, words, zone, townNow } = useDesk();
  const targets = kinds.find((kind) => kind.fault === fault.fault)?.targets ?? [];
  const target = targets.find(({ id }) => id === fault.target)?.name[language] ?? fault.target;
  const what = `${words.faults.kind[fault.fault] ?? fault.fault} · ${target}`;
  const ends = Date.parse(fault.endsAt);
  return (
    <li>
      <span>{what}</span>
      <span className="dim">{words.faults.until(moment(ends, townNow ?? ends, zone))}</span>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={words.faults.stopThis(what)}
        onClick={() => void onStop()}
      >
        {words.faults.stop}
      </Button>
    </li>
  );
}
