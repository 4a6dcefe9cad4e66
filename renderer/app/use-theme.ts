import { useEffect, useState } from "react";
import { applyTheme, readTheme, saveTheme, themes, type Theme } from "./theme.js";

/** The chosen theme, and a step to the next one. */
export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(() => readTheme(window.localStorage));
  useEffect(() => applyTheme(theme), [theme]);
  const next = (): void => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
    saveTheme(following, window.localStorage);
    setTheme(following);
  };
  return [theme, next];
}
