import { useState, type ReactElement } from "react";
import { FormField } from "../../ui/form-field.js";
import { readNumber } from "./read-number.js";
import type { SettingsForm } from "./use-settings.js";

interface NumberSettingProps {
  readonly form: SettingsForm;
  readonly name: "threads" | "tariffPerKilowattHour";
  readonly label: string;
  readonly unit: string;
  readonly help: string;
  /** Left empty it means that there is no value. */
  readonly mayBeEmpty: boolean;
}

export function NumberSetting({ form, name, label, unit, help, mayBeEmpty }: NumberSettingProps): ReactElement {
  const kept = form.settings[name];
  const keptText = kept === null ? "" : String(kept);
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? keptText;
  const read = readNumber(name, text, mayBeEmpty);
  const settle = (): void => {
    if (typed === null || !read.ok) return;
    if (text.trim() === keptText) {
      setTyped(null);
      return;
    }
    void form.change({ [name]: read.value }).then((taken) => { if (taken) setTyped(null); });
  };
  return (
    <FormField label={label} help={help} error={typed !== null && !read.ok ? read.sentence : form.problemOf(name)}>
      {(ids) => (
        <span className="short-input">
          <input {...ids} type="text" inputMode="decimal" autoComplete="off" value={text} onChange={(event) => setTyped(event.target.value)} onBlur={settle} onKeyDown={(event) => { if (event.key === "Enter") settle(); }} />
          <span className="muted">{unit}</span>
        </span>
      )}
    </FormField>
  );
}
