import { useCallback, useEffect, useState } from 'react';
import { languageOf } from './language.ts';
import type { Language } from './words.ts';

const STORED = 'townpulse.language';

/** The page's language and how to change it; a change is remembered and overrules the address. */
export function useLanguage(): [Language, (language: Language) => void] {
  const [language, setLanguage] = useState(() =>
    languageOf(window.location.search, window.localStorage.getItem(STORED), window.navigator.language),
  );

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);

  const choose = useCallback((chosen: Language) => {
    window.localStorage.setItem(STORED, chosen);
    const address = new URL(window.location.href);
    address.searchParams.delete('lang');
    window.history.replaceState(null, '', address);
    setLanguage(chosen);
  }, []);

  return [language, choose];
}
