import * as api from './api.ts';
import { BROWSER_ZONE, type Desk, DeskContext } from './desk.ts';
import { namesFrom } from './names.ts';
import { Header } from './panels/Header.tsx';
import { SignIn } from './panels/SignIn.tsx';
import type { Standing } from './session.ts';
import { useNow } from './useNow.ts';
import { usePolling } from './usePolling.ts';
import { type Language, WORDS } from './words.ts';

interface EntranceProps {
  standing: Exclude<Standing['state'], 'signed-in'>;
  language: Language;
  onLanguage: (language: Language) => void;
}

const NO_NAMES = namesFrom({ devices: null, areas: null, organisations: null, feeders: null, kinds: null });

/** What stands on the page while nobody is signed in: nothing of the town, which is asked for nothing meanwhile. */
export function Entrance({ standing, language, onLanguage }: EntranceProps) {
  const machineNow = useNow();
  const words = WORDS[language];
  const desk: Desk = {
    language,
    words,
    names: NO_NAMES,
    zone: BROWSER_ZONE,
    townNow: null,
    machineNow,
    offline: false,
  };
  return (
    <DeskContext value={desk}>
      <div className="page">
        <Header picture={null} town={null} me={null} onLanguage={onLanguage} />
        <main>{standing === 'asking' ? <Asking unreachable={words.service.unreachable} /> : <SignIn />}</main>
      </div>
    </DeskContext>
  );
}

/** Asks until it is known whether there is a session. */
function Asking({ unreachable }: { unreachable: string }) {
  const asked = usePolling(api.session.open);
  return asked.error === null ? null : (
    <p className="notice" data-tone="breach" role="alert">
      {unreachable}
    </p>
  );
}
