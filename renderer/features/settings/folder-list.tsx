import { useState, type ReactElement } from "react";
import { Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import type { SettingsForm } from "./use-settings.js";

interface FolderListProps {
  readonly form: SettingsForm;
  readonly name: "modelFolders" | "dataFolders";
  readonly label: string;
  readonly help: string;
}

export function FolderList({ form, name, label, help }: FolderListProps): ReactElement {
  const folders = form.settings[name];
  const [path, setPath] = useState("");
  const trimmed = path.trim();
  const isKnown = folders.includes(trimmed);
  const add = async (): Promise<void> => {
    if (trimmed !== "" && !isKnown && await form.change({ [name]: [...folders, trimmed] })) setPath("");
  };
  return (
    <section className="folders" aria-label={label}>
      <FormField label={label} help={help} error={isKnown ? "This folder is on the list already." : form.problemOf(name)}>
        {(ids) => (
          <span className="data-input">
            <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/folder" value={path} onChange={(event) => setPath(event.target.value)} onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); void add(); } }} />
            <Button icon="plus" disabled={trimmed === "" || isKnown} aria-label={`Add to ${label.toLowerCase()}`} onClick={() => void add()}>Add</Button>
          </span>
        )}
      </FormField>
      {folders.length === 0 ? <p className="muted">None.</p> : (
        <ul className="folder-items">{folders.map((folder) => <li key={folder}><code>{folder}</code><Button look="quiet" icon="cross" aria-label={`Remove ${folder} from ${label.toLowerCase()}`} title="Take it off the list" onClick={() => void form.change({ [name]: folders.filter((other) => other !== folder) })} /></li>)}</ul>
      )}
    </section>
  );
}
