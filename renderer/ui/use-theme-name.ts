import { useSyncExternalStore } from "react";

const subscribe = (listener: () => void): (() => void) => {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
};

/** "light" or "dark", as now shown: for drawings that cannot follow CSS variables by themselves. */
export const useThemeName = (): string => useSyncExternalStore(subscribe, () => document.documentElement.dataset.theme ?? "light");
