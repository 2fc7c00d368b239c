import { useCallback, useEffect, useState } from 'react';
import type { Language } from './words.ts';

const STORED = 'townpulse.language';

/** The language asked for in the address (`?lang=zh|en`), chosen before, or else the browser's. */
export function languageOf(search: string, stored: string | null, browser: string): Language {
  const asked = new URLSearchParams(search).get('lang') ?? stored ?? browser;
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

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
