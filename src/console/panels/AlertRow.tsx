import type { Alert } from '../../model/alert.ts';
import { type Desk, useDesk } from '../desk.ts';
import { duration, measure, moment, percent } from '../format.ts';
import { SeverityTag, StateTag, Tag } from './Tag.tsx';

/** One alert: how bad, what and where, on which figures, since when, whose. */
export function AlertRow({ alert }: { alert: Alert }) {
  const desk = useDesk();
  const { language, names, words } = desk;
  const subject = names.subject(alert.subject)?.[language];
  return (
    <li className="alert" data-severity={alert.severity}>
      <span className="alert-tags">
        <SeverityTag severity={alert.severity} quiet={alert.resolvedAt !== null} />
        <StateTag state={alert.state} />
        {alert.flapping && <Tag tone="notice">{words.alerts.flapping}</Tag>}
      </span>
      <span className="alert-what">
        <strong>{alert.title[language]}</strong>
        <span>
          {subject} <code>{alert.subject.id}</code>
        </span>
      </span>
      <span className="alert-values">
        <span>{decidingValues(alert, desk)}</span>
        <span className="dim">{decidedBy(alert, desk)}</span>
      </span>
      <span className="alert-whose">
        <span>{times(alert, desk)}</span>
        <span className="dim" title={words.alerts.organisation}>
          {names.organisation(alert.organisation)?.[language] ?? alert.organisation}
        </span>
      </span>
    </li>
  );
}

const DURATIONS = ['silentSeconds', 'reportInterval', 'historyLag'];
const RATES = ['low', 'high', 'reported', 'coverage', 'rate'];

/** The figures that decided, each under its name, rates in percent, spans as people say them, fields and limits in their kind's unit. */
function decidingValues(alert: Alert, { language, names, words }: Desk): string {
  const own: Record<string, string> = words.value;
  return Object.entries(alert.values)
    .map(([key, value]) => {
      const figure = names.figure(key);
      const name = own[key] ?? figure?.name[language] ?? key;
      if (value === null) return `${name} ${words.none}`;
      if (typeof value === 'boolean') return `${name} ${value ? words.value.yes : words.value.no}`;
      if (DURATIONS.includes(key)) return `${name} ${duration(value * 1_000, words)}`;
      return `${name} ${RATES.includes(key) ? percent(value) : measure(value, figure?.unit)}`;
    })
    .join(' · ');
}

/** The sample that the decision rests on; an alert over a group rests on many and names none. */
function decidedBy(alert: Alert, { zone, townNow, words }: Desk): string | null {
  const [sample, ...others] = alert.evidence;
  if (sample === undefined || others.length > 0) return null;
  const ts = Date.parse(sample.ts);
  return words.alerts.sample(sample.device, moment(ts, townNow ?? ts, zone));
}

function times(alert: Alert, { zone, townNow, words }: Desk): string {
  const started = Date.parse(alert.startedAt);
  const ended = alert.resolvedAt === null ? null : Date.parse(alert.resolvedAt);
  const start = moment(started, townNow ?? started, zone);
  if (ended !== null) return `${start} · ${words.alerts.lasted(duration(ended - started, words))}`;
  return townNow === null ? start : `${start} · ${words.alerts.lasting(duration(townNow - started, words))}`;
}
