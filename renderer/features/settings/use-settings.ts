import { useCallback, useState } from "react";
import type { SettingsView } from "../../contract.js";
import type { Problem } from "../../store/loadable.js";
import { useAction } from "../../store/use-action.js";
import { useApp } from "../../store/use-app.js";

export type SettingName = keyof SettingsView;

export interface SettingsForm {
  readonly settings: SettingsView;
  readonly change: (change: Partial<SettingsView>) => Promise<boolean>;
  /** Why the last change of this setting was refused; undefined while it was not. */
  readonly problemOf: (name: SettingName) => string | undefined;
  readonly state: "idle" | "saving" | "saved" | "refused";
}

const sentence = (problem: Problem): string => [problem.message, problem.hint].filter((part) => part !== "").join(" ");

/** Every change is sent at once. Shown is what the host has taken, and what was wished for only while it is being asked. */
export function useSettings(settings: SettingsView): SettingsForm {
  const changeSettings = useApp((state) => state.changeSettings);
  const { run, busy, problem } = useAction();
  const [last, setLast] = useState<Partial<SettingsView>>({});
  const change = useCallback((wanted: Partial<SettingsView>): Promise<boolean> => {
    setLast(wanted);
    return run(() => changeSettings(wanted));
  }, [run, changeSettings]);
  return {
    settings: busy ? { ...settings, ...last } : settings,
    change,
    problemOf: (name) => (problem !== null && name in last ? sentence(problem) : undefined),
    state: busy ? "saving" : problem !== null ? "refused" : Object.keys(last).length > 0 ? "saved" : "idle",
  };
}
