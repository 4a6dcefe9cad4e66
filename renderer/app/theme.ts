export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
const storageKey = "trex.theme";

export function readTheme(storage: Pick<Storage, "getItem">): Theme {
  const stored = storage.getItem(storageKey);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function saveTheme(theme: Theme, storage: Pick<Storage, "setItem">): void {
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
