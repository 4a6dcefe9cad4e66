import { useEffect } from "react";
import { valueOf } from "../store/loadable.js";
import { useApp } from "../store/use-app.js";
import { applyTheme, rememberTheme, rememberedTheme } from "./theme.js";

/** Shows the page in the theme of the settings, and remembers it for the next start. */
export function useTheme(): void {
  const chosen = useApp((state) => valueOf(state.settings)?.theme ?? null);
  const theme = chosen ?? rememberedTheme(window.localStorage);
  useEffect(() => applyTheme(theme), [theme]);
  useEffect(() => {
    if (chosen !== null) rememberTheme(chosen, window.localStorage);
  }, [chosen]);
}
