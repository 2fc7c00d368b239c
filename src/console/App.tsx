import { useMemo } from 'react';
import { ApiFailure } from './api.ts';
import { type Desk, DeskContext } from './desk.ts';
import { namesFrom, townName } from './names.ts';
import { AlertsPanel } from './panels/AlertsPanel.tsx';
import { DemoFaults } from './panels/DemoFaults.tsx';
import { DevicesCard } from './panels/DevicesCard.tsx';
import { FeederRates } from './panels/FeederRates.tsx';
import { GasCard } from './panels/GasCard.tsx';
import { Header } from './panels/Header.tsx';
import { LedgerPanel } from './panels/LedgerPanel.tsx';
import { LightingCard } from './panels/LightingCard.tsx';
import { Notices } from './panels/Notices.tsx';
import { SignIn } from './panels/SignIn.tsx';
import { VillageRates } from './panels/VillageRates.tsx';
import { WaterCard } from './panels/WaterCard.tsx';
import { stalenessOf } from './staleness.ts';
import { townTime } from './townTime.ts';
import { useLanguage } from './useLanguage.ts';
import { useNow } from './useNow.ts';
import { useTown } from './useTown.ts';
import { WORDS } from './words.ts';

const BROWSER_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The whole page: one desk, read by every panel on it. */
export function App() {
  const picture = useTown();
  const machineNow = useNow();
  const [language, setLanguage] = useLanguage();

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
  const signedOut = picture.clock.error instanceof ApiFailure && picture.clock.error.status === 401;

  return (
    <DeskContext value={desk}>
      <div className="page">
        <Header picture={picture} town={townName(areas)} onLanguage={setLanguage} />
        {signedOut ? (
          <SignIn onSignedIn={() => Object.values(picture).forEach((part) => void part.refresh())} />
        ) : (
          <main>
            <Notices staleness={staleness} ready={picture.ready.value} />
            <div className="headlines">
              <LightingCard rate={picture.town} />
              <WaterCard buckets={picture.pressures} devices={picture.devices} alerts={picture.open} />
              <GasCard buckets={picture.leaks} alerts={picture.open} />
              <DevicesCard devices={picture.devices} />
              <LedgerPanel ledger={picture.ledger} />
            </div>
            <div className="desk">
              <AlertsPanel open={picture.open} resolved={picture.resolved} />
              <div className="side">
                <VillageRates rates={picture.villages} />
                <FeederRates rates={picture.feeders} />
                {picture.clock.value?.trial === true && <DemoFaults />}
              </div>
            </div>
          </main>
        )}
      </div>
    </DeskContext>
  );
}
