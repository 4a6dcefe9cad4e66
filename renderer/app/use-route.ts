import { useSyncExternalStore } from "react";
import { parseRoute, type Route } from "./route.js";

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};
const fragment = (): string => window.location.hash;

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, fragment));
}

export function goTo(path: string): void {
  window.location.hash = path;
}
