import { useState, type ReactElement } from "react";
import type { LibraryDocument, LibraryView } from "../../contract.js";
import { useAction } from "../../store/use-action.js";
import { useApp } from "../../store/use-app.js";
import { Badge, Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import { formatMoment, grouped } from "../../ui/format.js";
import { Card, Empty, ProblemNotice } from "../../ui/panels.js";
import { SearchPanel } from "./search-panel.js";
import { documentKindWords } from "./library-words.js";

export function DocumentsSection({ view }: { readonly view: LibraryView }): ReactElement {
  return (
    <>
      <SearchPanel view={view} />
      <Card title="Documents" aside={view.documents.length === 0 ? undefined : `${view.documents.length}`}>
        <div className="card-body library-stack">
          <AddForm />
          {view.documents.length === 0 ? <Empty title="No documents yet."><p>Add papers, notes or pages you trust. They are read on this computer, and the search decides with the cards made of them.</p></Empty> : (
            <ul className="documents">{view.documents.map((document) => <DocumentItem key={document.id} document={document} />)}</ul>
          )}
        </div>
      </Card>
    </>
  );
}

function AddForm(): ReactElement {
  const add = useApp((state) => state.addToLibrary);
  const action = useAction();
  const [path, setPath] = useState("");
  const [tried, setTried] = useState(false);
  const submit = async (): Promise<void> => {
    setTried(true);
    if (path.trim() === "" || !(await action.run(() => add(path.trim())))) return;
    setPath("");
    setTried(false);
  };
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <FormField label="Add a file or a folder" help="PDF, Markdown, HTML, BibTeX or plain text, by its path. The file stays where it is; its text stays on this computer." error={tried && path.trim() === "" ? "Give the path of a file or a folder." : action.problem === null ? undefined : `${action.problem.message} ${action.problem.hint}`.trim()}>
        {(ids) => (
          <span className="data-input">
            <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/papers" value={path} onChange={(event) => setPath(event.target.value)} />
            <Button type="submit" icon="plus" busy={action.busy}>Add</Button>
          </span>
        )}
      </FormField>
      <p className="field-help" role="status">{action.busy ? "Reading. A long document takes a while; you can leave this screen." : ""}</p>
    </form>
  );
}

function DocumentItem({ document }: { readonly document: LibraryDocument }): ReactElement {
  const remove = useApp((state) => state.removeFromLibrary);
  const action = useAction();
  const facts = [
    document.pages > 0 ? `${grouped(document.pages)} ${document.pages === 1 ? "page" : "pages"}` : null,
    `${grouped(document.characters)} characters`,
    `${grouped(document.cards)} ${document.cards === 1 ? "card" : "cards"}`,
    `added ${formatMoment(document.addedAt, new Date())}`,
  ].filter((part) => part !== null);
  return (
    <li className="document">
      <div className="document-head">
        <div className="document-title">
          <h3>{document.title}</h3>
          <Badge tone="quiet">{documentKindWords[document.kind]}</Badge>
          {document.status === "failed" ? <Badge tone="bad" icon="alert">Could not be read</Badge> : null}
          {document.hiddenCharacters > 0 ? <Badge tone="warn" icon="alert" hint="White, tiny, off the page or of zero width: kept out of the search and of every prompt">{`${grouped(document.hiddenCharacters)} hidden characters left out`}</Badge> : null}
        </div>
        <Button look="quiet" icon="cross" busy={action.busy} aria-label={`Remove ${document.title}`} title="Take it out of the library; the file stays" onClick={() => void action.run(() => remove(document.id))}>Remove</Button>
      </div>
      <p className="muted">{facts.join(" · ")}</p>
      <p className="document-path mono">{document.path}</p>
      {document.warnings.length === 0 ? null : <ul className="document-warnings">{document.warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>}
      {action.problem === null ? null : <ProblemNotice problem={action.problem} />}
    </li>
  );
}
