import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { AppState, AppStore } from "./store.js";

export const AppStoreContext = createContext<AppStore | null>(null);

/** Selects from the page's state; selectors return what is in the state, not something made up anew. */
export function useApp<Selected>(select: (state: AppState) => Selected): Selected {
  const store = useContext(AppStoreContext);
  if (store === null) throw new Error("useApp needs an AppStoreContext above it");
  return useStore(store, select);
}
