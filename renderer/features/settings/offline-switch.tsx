import type { ReactElement } from "react";
import { Notice } from "../../ui/panels.js";
import type { SettingsForm } from "./use-settings.js";

export function OfflineSwitch({ form }: { readonly form: SettingsForm }): ReactElement {
  const { offline } = form.settings;
  const problem = form.problemOf("offline");
  return (
    <>
      <label className="switch">
        <input type="checkbox" role="switch" checked={offline} onChange={(event) => void form.change({ offline: event.target.checked })} />
        <span><strong>Work offline</strong><span className="muted">{offline ? "On. Zero connections leave this computer, whatever is asked. Runs, agents, the library and reports all work." : "Off. Connections are made only when you press Search or Find, to arXiv, Semantic Scholar and Hugging Face. Your data, your documents and your runs are never sent."}</span></span>
      </label>
      {problem === undefined ? null : <Notice tone="bad" title={problem} />}
    </>
  );
}
