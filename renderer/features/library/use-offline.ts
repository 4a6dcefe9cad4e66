import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";

/** Until the settings are known, and when they cannot be read, the answer is the safe one. The host decides in any case. */
export const useOffline = (): boolean => useApp((state) => valueOf(state.settings)?.offline ?? true);
