import { useEffect, useState, type ReactElement } from "react";
import { useApp } from "../../store/use-app.js";
import { Notice } from "../../ui/panels.js";
import { ModelField } from "../models/model-field.js";
import type { SettingsForm } from "./use-settings.js";

/** Who plans, with which model, and what a run may leave behind. A task can say otherwise. */
export function PlanningSettings({ form }: { readonly form: SettingsForm }): ReactElement {
  const loadModels = useApp((state) => state.loadModels);
  useEffect(() => void loadModels(), [loadModels]);
  const { settings } = form;
  const problem = form.problemOf("planner") ?? form.problemOf("keepInsights");
  return (
    <>
      <fieldset className="choice">
        <legend>Who plans the experiments</legend>
        <label className="check"><input type="radio" name="planner" checked={settings.planner === "house"} onChange={() => void form.change({ planner: "house" })} /> <span>House rules <span className="muted">Fast, needs no model, the same every time</span></span></label>
        <label className="check"><input type="radio" name="planner" checked={settings.planner === "language-model"} onChange={() => void form.change({ planner: "language-model" })} /> <span>A language model on this computer <span className="muted">House rules stand behind it, and take over when it costs more than it earns</span></span></label>
      </fieldset>
      <ModelSetting form={form} name="agentModelPath" label="Planning model" help="Reads your goal and plans; 4 to 14 billion parameters are enough." none="None: house rules plan" />
      <ModelSetting form={form} name="embeddingModelPath" label="Embedding model" help="Finds library text by its meaning. Without one the library is searched by words." none="None: search by words" />
      <label className="check"><input type="checkbox" checked={settings.keepInsights} onChange={(event) => void form.change({ keepInsights: event.target.checked })} /> <span>Keep what runs teach <span className="muted">As cards in your library, for later runs. A task can say otherwise.</span></span></label>
      {problem === undefined ? null : <Notice tone="bad" title={problem} />}
    </>
  );
}

function ModelSetting({ form, name, label, help, none }: { readonly form: SettingsForm; readonly name: "agentModelPath" | "embeddingModelPath"; readonly label: string; readonly help: string; readonly none: string }): ReactElement {
  const kept = form.settings[name] ?? "";
  const [typed, setTyped] = useState<string | null>(null);
  const commit = (path: string): void => {
    if (path === kept) setTyped(null);
    else void form.change({ [name]: path === "" ? null : path }).then((taken) => { if (taken) setTyped(null); });
  };
  return <ModelField label={label} help={help} use="ask" none={none} value={typed ?? kept} error={form.problemOf(name)} onChange={setTyped} onCommit={commit} />;
}
