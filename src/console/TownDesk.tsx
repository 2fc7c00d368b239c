import { useMemo } from 'react';
import { BROWSER_ZONE, type Desk, DeskContext } from './desk.ts';
import { namesFrom, townName } from './names.ts';
import { OpenAlerts, ResolvedAlerts } from './panels/AlertsPanel.tsx';
import { DemoFaults } from './panels/DemoFaults.tsx';
import { DevicesCard } from './panels/DevicesCard.tsx';
import { FeederRates } from './panels/FeederRates.tsx';
import { GasCard } from './panels/GasCard.tsx';
import { Header } from './panels/Header.tsx';
import { LedgerPanel } from './panels/LedgerPanel.tsx';
import { LightingCard } from './panels/LightingCard.tsx';
import { Notices } from './panels/Notices.tsx';
import { VillageRates } from './panels/VillageRates.tsx';
import { WaterCard } from './panels/WaterCard.tsx';
import type { Me } from './session.ts';
import { stalenessOf } from './staleness.ts';
import { townTime } from './townTime.ts';
import { useNow } from './useNow.ts';
import { useTown } from './useTown.ts';
import { type Language, WORDS } from './words.ts';

interface TownDeskProps {
  me: Me;
  language: Language;
  onLanguage: (language: Language) => void;
}

/** The town as somebody who is signed in sees it: one desk, read by every panel on it. */
export function TownDesk({ me, language, onLanguage }: TownDeskProps) {
  const picture = useTown();
  const machineNow = useNow();

  const staleness = stalenessOf(picture);

  const devices = picture.devices.value;
  const areas = picture.areas.value;
  const organisations = picture.organisations.value;
  const feeders = picture.feeders.value;
  const kinds = picture.kinds.value;
  const names = useMemo(
    () => namesFrom({ devices, areas, organisations, feeders, kinds }),
    [devices, areas, organisations, feeders, kinds],
  );

  const desk: Desk = {
    language,
    words: WORDS[language],
    names,
    zone: picture.clock.value?.timeZone ?? BROWSER_ZONE,
    townNow: townTime(picture.clock, machineNow),
    machineNow,
    offline: staleness.offline,
  };
  return (
    <DeskContext value={desk}>
      <div className="page">
        <Header picture={picture} town={townName(areas)} me={me} onLanguage={onLanguage} />
        <main>
          <Notices staleness={staleness} ready={picture.ready.value} />
          <div className="town">
            <LightingCard rate={picture.town} />
            <WaterCard buckets={picture.pressures} devices={picture.devices} alerts={picture.open} />
            <OpenAlerts open={picture.open} />
            <GasCard readings={picture.leaks} alerts={picture.open} />
            <DevicesCard devices={picture.devices} />
            <LedgerPanel ledger={picture.ledger} />
            <div className="side">
              <VillageRates rates={picture.villages} />
              <FeederRates rates={picture.feeders} />
              {me.demo && <DemoFaults />}
            </div>
            <ResolvedAlerts resolved={picture.resolved} />
          </div>
        </main>
      </div>
    </DeskContext>
  );
}
