import { useState, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import { onlineSources, type OnlineResult, type OnlineSource } from "../../contract.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { useRequest } from "../../store/use-request.js";
import { Button, ButtonLink } from "../../ui/controls.js";
import { CopyText } from "../../ui/copy-path.js";
import { FormField } from "../../ui/form-field.js";
import { formatBytes, grouped } from "../../ui/format.js";
import { Card, Notice, ProblemNotice } from "../../ui/panels.js";
import { onlineSourceWords } from "./library-words.js";
import { useOffline } from "./use-offline.js";

/** Papers, models and data sets from the network: plainly off while the offline switch is on. */
export function OnlineSection(): ReactElement {
  const offline = useOffline();
  const searchOnline = useApp((state) => state.searchOnline);
  const [results, search] = useRequest(searchOnline);
  const [source, setSource] = useState<OnlineSource>("arxiv");
  const [query, setQuery] = useState("");
  const found = valueOf(results);
  return (
    <Card title="Look online">
      <div className="card-body library-stack">
        {offline ? (
          <Notice tone="quiet" icon="cut" title="Off. You work offline, so zero connections are made, whatever is asked." action={<ButtonLink href={paths.settings}>Settings</ButtonLink>}>
            <p>Turn the offline switch off to search arXiv, Semantic Scholar and Hugging Face. Only the words you type are sent.</p>
          </Notice>
        ) : <p className="field-help">Only the words you type are sent, and only when you press Search. What is found is shown here; nothing is fetched by itself.</p>}
        <form noValidate onSubmit={(event) => { event.preventDefault(); if (!offline && query.trim() !== "") void search({ source, query: query.trim() }); }}>
          <div className="online-form">
            <FormField label="Where">
              {(ids) => <select {...ids} disabled={offline} value={source} onChange={(event) => setSource(onlineSources.find((name) => name === event.target.value) ?? "arxiv")}>{onlineSources.map((name) => <option key={name} value={name}>{onlineSourceWords[name]}</option>)}</select>}
            </FormField>
            <FormField label="What">
              {(ids) => (
                <span className="data-input">
                  <input {...ids} type="text" autoComplete="off" maxLength={300} disabled={offline} value={query} onChange={(event) => setQuery(event.target.value)} />
                  <Button type="submit" icon="search" busy={results.state === "loading"} disabled={offline || query.trim() === ""}>Search</Button>
                </span>
              )}
            </FormField>
          </div>
        </form>
        {results.state === "failed" ? <ProblemNotice problem={results.error} /> : null}
        <p className="visually-hidden" role="status">{found === null ? "" : `${found.length} found`}</p>
        {found === null ? null : found.length === 0 ? <p className="muted">Nothing was found. Try other words or another place.</p> : <ol className="hits">{found.map((result) => <Result key={`${result.source}-${result.id}`} result={result} />)}</ol>}
      </div>
    </Card>
  );
}

function Result({ result }: { readonly result: OnlineResult }): ReactElement {
  const facts = [
    authorWords(result.authors), result.year === null ? null : String(result.year),
    result.licence === null ? "no licence stated" : `licence ${result.licence}`,
    result.sizeBytes === null ? null : formatBytes(result.sizeBytes), result.downloads === null ? null : `${grouped(result.downloads)} downloads`,
  ].filter((part) => part !== null);
  return (
    <li className="hit">
      <p className="hit-head"><strong>{result.title}</strong></p>
      <p className="muted">{facts.join(" · ")}</p>
      {result.summary === "" ? null : <p className="hit-snippet">{result.summary}</p>}
      <CopyText text={result.url} label="the address" />
    </li>
  );
}

const namesShown = 3;
const authorWords = (authors: readonly string[]): string | null =>
  authors.length === 0 ? null : authors.length <= namesShown ? authors.join(", ") : `${authors.slice(0, namesShown).join(", ")} and ${authors.length - namesShown} others`;
