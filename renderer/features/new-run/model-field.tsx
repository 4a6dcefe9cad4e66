import { useState, type ReactElement } from "react";
import { valueOf } from "../../store/loadable.js";
import type { ModelChoice } from "../../store/state.js";
import { useApp } from "../../store/use-app.js";
import { formatBytes } from "../../ui/format.js";
import { FormField } from "./field.js";

interface ModelFieldProps {
  readonly label: string;
  readonly help: string;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (path: string) => void;
}
const otherValue = "other";
const noModels: readonly ModelChoice[] = [];

/** One of the models found on this computer, or any path. */
export function ModelField({ label, help, value, error, onChange }: ModelFieldProps): ReactElement {
  const models = useApp((state) => state.models);
  const found = valueOf(models) ?? noModels;
  const supported = found.filter((model) => model.supported);
  const others = found.filter((model) => !model.supported);
  const [typing, setTyping] = useState(false);
  const known = supported.some((model) => model.path === value);
  const asPath = typing || found.length === 0 || (value !== "" && !known);
  const note = models.state === "failed" ? `${models.error.message} You can still give a path.` : models.state === "loading" && found.length === 0 ? "Looking for models on this computer." : found.length === 0 ? "No model was found in the usual places. Give the path of a GGUF file." : help;
  if (asPath) {
    return (
      <>
        <FormField label={label} help={<>{note}{found.length === 0 ? null : <> <button type="button" className="link" onClick={() => { setTyping(false); onChange(""); }}>Choose from the models found</button></>}</>} error={error}>
          {(ids) => <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/model.gguf" value={value} onChange={(event) => onChange(event.target.value)} />}
        </FormField>
      </>
    );
  }
  return (
    <FormField label={label} help={note} error={error}>
      {(ids) => (
        <select {...ids} value={value} onChange={(event) => { if (event.target.value === otherValue) { setTyping(true); onChange(""); } else onChange(event.target.value); }}>
          <option value="" disabled>Choose a model</option>
          {supported.map((model) => <option key={model.path} value={model.path}>{`${model.name} · ${model.architecture ?? "?"} · ${formatBytes(model.sizeBytes)} · ${model.source}`}</option>)}
          <option value={otherValue}>Another file…</option>
          {others.length === 0 ? null : <optgroup label="Cannot be trained here">{others.map((model) => <option key={model.path} value={model.path} disabled>{`${model.name}: ${model.reason}`}</option>)}</optgroup>}
        </select>
      )}
    </FormField>
  );
}
