import { useState, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { LibraryView, SearchHit } from "../../contract.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { useRequest } from "../../store/use-request.js";
import { Badge, Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import { Card, ProblemNotice } from "../../ui/panels.js";
import { foundByWords } from "./library-words.js";

const mostHits = 20;

/** One question to all documents and cards, by words and, with an embedding model, by meaning. */
export function SearchPanel({ view }: { readonly view: LibraryView }): ReactElement {
  const searchLibrary = useApp((state) => state.searchLibrary);
  const [hits, search] = useRequest(searchLibrary);
  const [query, setQuery] = useState("");
  const found = valueOf(hits);
  const help = view.embeddingModel === null
    ? <>Finds words. To find meanings as well, <a href={paths.settings}>choose an embedding model</a>.</>
    : `Finds words and meanings, with ${view.embeddingModel}.`;
  return (
    <Card label="Search">
      <div className="card-body library-stack">
        <form noValidate role="search" onSubmit={(event) => { event.preventDefault(); if (query.trim() !== "") void search({ query: query.trim(), most: mostHits }); }}>
          <FormField label="Search documents and cards" help={help}>
            {(ids) => (
              <span className="data-input">
                <input {...ids} type="text" autoComplete="off" maxLength={400} placeholder="learning rate for small data" value={query} onChange={(event) => setQuery(event.target.value)} />
                <Button type="submit" icon="search" busy={hits.state === "loading"} disabled={query.trim() === ""}>Search</Button>
              </span>
            )}
          </FormField>
        </form>
        {hits.state === "failed" ? <ProblemNotice problem={hits.error} /> : null}
        <p className="visually-hidden" role="status">{found === null ? "" : `${found.length} found`}</p>
        {found === null ? null : found.length === 0 ? <p className="muted">Nothing was found. Try other words.</p> : <ol className="hits">{found.map((hit, index) => <Hit key={`${hit.id}-${index}`} hit={hit} />)}</ol>}
      </div>
    </Card>
  );
}

function Hit({ hit }: { readonly hit: SearchHit }): ReactElement {
  return (
    <li className="hit">
      <p className="hit-head">
        <Badge tone={hit.source === "card" ? "info" : "quiet"}>{hit.source === "card" ? "Card" : "Document"}</Badge>
        {hit.source === "card" ? <a href={paths.card(hit.id)}>{hit.title}</a> : <strong>{hit.title}</strong>}
        {hit.page === null ? null : <span>page {hit.page}</span>}
        <span className="muted">{foundByWords[hit.by]}</span>
      </p>
      <p className="hit-snippet">{hit.snippet}</p>
    </li>
  );
}
