import { SegmentedControl } from '@mantine/core';
import type { Name } from '../../model/primitives.ts';
import { useDesk } from '../desk.ts';
import { fullDate, timeOfDay } from '../format.ts';
import type { Me } from '../session.ts';
import type { TownPicture } from '../useTown.ts';
import type { Language, Words } from '../words.ts';
import { Tag } from './Tag.tsx';

interface HeaderProps {
  /** Null while nobody is signed in: then nothing of the town is known. */
  picture: TownPicture | null;
  town: Name | null;
  me: Me | null;
  onLanguage: (language: Language) => void;
}

/** Which town, at what time, on which clock, whether the service answers, and to whom. */
export function Header({ picture, town, me, onLanguage }: HeaderProps) {
  const { language, words, zone, townNow } = useDesk();
  const clock = picture?.clock.value;
  const stale = picture !== null && picture.clock.error !== null;
  return (
    <header className="masthead">
      <h1>
        {town?.[language] ?? 'Townpulse'} <small className="masthead-product">Townpulse {words.product}</small>
      </h1>
      {townNow !== null && (
        <div className="town-time" title={words.townTime} data-stale={stale ? true : undefined}>
          <span className="date">{fullDate(townNow, zone, language)}</span>
          <time>{timeOfDay(townNow, zone)}</time>
        </div>
      )}
      {clock?.trial === true && (
        <span className="trial" title={words.trialHint}>
          <Tag tone="major">{words.trialClock(clock.speed)}</Tag>
        </span>
      )}
      {me?.demo === true && (
        <span className="trial" title={words.syntheticHint}>
          <Tag tone="notice">{words.synthetic}</Tag>
        </span>
      )}
      <div className="masthead-end">
        <div className="masthead-state">
          {picture !== null && <ServiceState ready={picture.ready} />}
          {me !== null && <span className="dim">{signedInAs(me, words)}</span>}
        </div>
        <SegmentedControl
          size="sm"
          aria-label={words.language}
          value={language}
          onChange={onLanguage}
          data={[
            { value: 'zh', label: '中文' },
            { value: 'en', label: 'English' },
          ]}
        />
      </div>
    </header>
  );
}

/** Who is signed in; of the demo's duty officer the page says that nobody had to do it. */
function signedInAs(me: Me, words: Words): string {
  return me.demo && me.role === 'duty-officer' ? words.demoOfficer : words.signedInAs(me.name);
}

function ServiceState({ ready }: { ready: TownPicture['ready'] }) {
  const { words } = useDesk();
  if (ready.error !== null) {
    return (
      <Tag tone="breach" mark="✗">
        {words.service.unreachable}
      </Tag>
    );
  }
  if (ready.value === null) return null;
  return ready.value.status === 'ready' ? (
    <Tag tone="ok" mark="✓">
      {words.service.ready}
    </Tag>
  ) : (
    <Tag tone="breach" mark="✗">
      {words.service.notReady}
    </Tag>
  );
}
