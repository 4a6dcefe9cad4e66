import "./settings.css";
import { useEffect, type ReactElement } from "react";
import type { SettingsView } from "../../contract.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Card, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { FolderList } from "./folder-list.js";
import { NumberSetting } from "./number-setting.js";
import { OfflineSwitch } from "./offline-switch.js";
import { PlanningSettings } from "./planning-settings.js";
import { ThemeChoice } from "./theme-choice.js";
import { useSettings, type SettingsForm } from "./use-settings.js";

export function SettingsScreen(): ReactElement {
  const settings = useApp((state) => state.settings);
  const load = useApp((state) => state.loadSettings);
  useEffect(() => void load(), [load]);
  const value = valueOf(settings);
  return (
    <div className="page page-narrow">
      {value === null ? <div className="page-head"><h1>Settings</h1></div> : null}
      {settings.state === "failed" ? <ProblemNotice problem={settings.error} onRetry={() => void load()} /> : null}
      {value === null ? (settings.state === "failed" ? null : <Card><LoadingBlock label="Reading the settings" lines={6} /></Card>) : <Settings value={value} />}
    </div>
  );
}

const stateWords: Readonly<Record<SettingsForm["state"], string>> = { idle: "Every change is kept at once.", saving: "Saving.", saved: "Saved.", refused: "The last change was not taken." };

function Settings({ value }: { readonly value: SettingsView }): ReactElement {
  const form = useSettings(value);
  return (
    <>
      <div className="page-head"><h1>Settings</h1><p className="muted" role="status">{stateWords[form.state]}</p></div>
      <Card title="Network"><div className="card-body settings-stack"><OfflineSwitch form={form} /></div></Card>
      <Card title="Planning">
        <div className="card-body settings-stack"><PlanningSettings form={form} /></div>
      </Card>
      <Card title="Where to look">
        <div className="card-body settings-stack">
          <FolderList form={form} name="modelFolders" label="Folders with models" help="Looked through for GGUF files, besides LM Studio, Ollama, Hugging Face and Jan. Nothing in them is changed." />
          <FolderList form={form} name="dataFolders" label="Folders with data" help="Looked through when you ask for data. Nothing outside them is read." />
        </div>
      </Card>
      <Card title="This computer">
        <div className="card-body settings-stack settings-pair">
          <NumberSetting form={form} name="threads" label="Processor threads" unit="threads" help="0 lets TREX choose." mayBeEmpty={false} />
          <NumberSetting form={form} name="tariffPerKilowattHour" label="Price of a kilowatt-hour" unit="per kWh" help="In your own currency. Empty: no money is shown." mayBeEmpty />
        </div>
      </Card>
      <Card title="Appearance"><div className="card-body settings-stack"><ThemeChoice form={form} /></div></Card>
    </>
  );
}
