import { Entrance } from './Entrance.tsx';
import { TownDesk } from './TownDesk.tsx';
import { useLanguage } from './useLanguage.ts';
import { useStanding } from './useStanding.ts';

/** The whole page. Without a session the town is not asked for anything. */
export function App() {
  const standing = useStanding();
  const [language, setLanguage] = useLanguage();
  return standing.state === 'signed-in' ? (
    <TownDesk me={standing.me} language={language} onLanguage={setLanguage} />
  ) : (
    <Entrance standing={standing.state} language={language} onLanguage={setLanguage} />
  );
}
