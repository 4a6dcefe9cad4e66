import type { SettingsView } from "../contract.js";

export const themes = ["system", "light", "dark"] as const satisfies readonly SettingsView["theme"][];
export type Theme = SettingsView["theme"];
const storageKey = "trex.theme";

/** The setting as it was when the page was last open: right for the first picture, before the host has answered. */
export function rememberedTheme(storage: Pick<Storage, "getItem">): Theme {
  const stored = storage.getItem(storageKey);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function rememberTheme(theme: Theme, storage: Pick<Storage, "setItem">): void {
  storage.setItem(storageKey, theme);
}

const darkQuery = "(prefers-color-scheme: dark)";

/** Sets the theme on the document and follows the system while it is "system". Returns what stops following. */
export function applyTheme(theme: Theme): () => void {
  const query = window.matchMedia(darkQuery);
  const apply = (): void => {
    document.documentElement.dataset.theme = theme === "system" ? (query.matches ? "dark" : "light") : theme;
  };
  apply();
  query.addEventListener("change", apply);
  return () => query.removeEventListener("change", apply);
}
