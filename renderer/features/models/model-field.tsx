import { useState, type ReactElement, type ReactNode } from "react";
import { valueOf } from "../../store/loadable.js";
import type { ModelChoice } from "../../store/state.js";
import { useApp } from "../../store/use-app.js";
import { formatBytes } from "../../ui/format.js";
import { FormField } from "../../ui/form-field.js";

interface ModelFieldProps {
  readonly label: string;
  readonly help: ReactNode;
  readonly value: string;
  readonly error: string | undefined;
  /** A model that is only asked, not trained, may have any architecture that llama.cpp runs. */
  readonly use: "train" | "ask";
  /** What leaving it empty means; without it a model has to be chosen. */
  readonly none?: string;
  readonly onChange: (path: string) => void;
  /** A path was typed to its end, or a model was picked. */
  readonly onCommit?: (path: string) => void;
}
const otherValue = "other";
const noModels: readonly ModelChoice[] = [];

/** One of the models found on this computer, or any path. */
export function ModelField({ label, help, value, error, use, none, onChange, onCommit }: ModelFieldProps): ReactElement {
  const models = useApp((state) => state.models);
  const found = valueOf(models) ?? noModels;
  const supported = use === "ask" ? found : found.filter((model) => model.supported);
  const others = found.filter((model) => !supported.includes(model));
  const choose = (path: string): void => {
    onChange(path);
    onCommit?.(path);
  };
  const [typing, setTyping] = useState(false);
  const known = supported.some((model) => model.path === value);
  const asPath = typing || found.length === 0 || (value !== "" && !known);
  const note = models.state === "failed" ? `${models.error.message} You can still give a path.` : models.state === "loading" && found.length === 0 ? "Looking for models on this computer." : found.length === 0 ? <>No model was found in the usual places. Give the path of a GGUF file. {help}</> : help;
  if (asPath) {
    return (
      <>
        <FormField label={label} help={<>{note}{found.length === 0 ? null : <> <button type="button" className="link" onClick={() => { setTyping(false); onChange(""); if (none !== undefined) onCommit?.(""); }}>Choose from the models found</button></>}</>} error={error}>
          {(ids) => <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/model.gguf" value={value} onChange={(event) => onChange(event.target.value)} onBlur={(event) => onCommit?.(event.target.value.trim())} />}
        </FormField>
      </>
    );
  }
  return (
    <FormField label={label} help={note} error={error}>
      {(ids) => (
        <select {...ids} value={value} onChange={(event) => { if (event.target.value === otherValue) { setTyping(true); onChange(""); } else choose(event.target.value); }}>
          {none === undefined ? <option value="" disabled>Choose a model</option> : <option value="">{none}</option>}
          {supported.map((model) => <option key={model.path} value={model.path}>{`${model.name} · ${model.architecture ?? "?"} · ${formatBytes(model.sizeBytes)} · ${model.source}`}</option>)}
          <option value={otherValue}>Another file…</option>
          {others.length === 0 ? null : <optgroup label="Cannot be trained here">{others.map((model) => <option key={model.path} value={model.path} disabled>{`${model.name}: ${model.reason}`}</option>)}</optgroup>}
        </select>
      )}
    </FormField>
  );
}
