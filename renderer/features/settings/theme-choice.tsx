import type { ReactElement } from "react";
import { themes, type Theme } from "../../app/theme.js";
import { Icon, type IconName } from "../../ui/icon.js";
import { Notice } from "../../ui/panels.js";
import type { SettingsForm } from "./use-settings.js";

const themeWords: Readonly<Record<Theme, { label: string; icon: IconName }>> = {
  system: { label: "As the system", icon: "screen" }, light: { label: "Light", icon: "sun" }, dark: { label: "Dark", icon: "moon" },
};

export function ThemeChoice({ form }: { readonly form: SettingsForm }): ReactElement {
  const problem = form.problemOf("theme");
  return (
    <>
      <div className="theme-choice">
        <span className="label" id="theme-label">Theme</span>
        <div className="segments" role="group" aria-labelledby="theme-label">
          {themes.map((theme) => <button key={theme} type="button" aria-pressed={form.settings.theme === theme} onClick={() => void form.change({ theme })}><Icon name={themeWords[theme].icon} />{themeWords[theme].label}</button>)}
        </div>
      </div>
      {problem === undefined ? null : <Notice tone="bad" title={problem} />}
    </>
  );
}
