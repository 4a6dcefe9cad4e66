import { useState, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { DataProposal } from "../../contract.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { useRequest } from "../../store/use-request.js";
import { Badge, Button, ButtonLink, Hint } from "../../ui/controls.js";
import { CopyText } from "../../ui/copy-path.js";
import { FormField } from "../../ui/form-field.js";
import { formatBytes, grouped } from "../../ui/format.js";
import { Card, Empty, ProblemNotice } from "../../ui/panels.js";
import { originWords } from "./library-words.js";
import { useOffline } from "./use-offline.js";

/** Data sets somebody could train on: from the folders you allowed, and from hubs when you are online. */
export function DataSection(): ReactElement {
  const offline = useOffline();
  const discoverData = useApp((state) => state.discoverData);
  const [proposals, discover] = useRequest(discoverData);
  const [goal, setGoal] = useState("");
  const [data, setData] = useState("");
  const [online, setOnline] = useState(false);
  const found = valueOf(proposals);
  return (
    <>
      <Card title="Find data">
        <div className="card-body library-stack">
          <form className="form" noValidate onSubmit={(event) => { event.preventDefault(); if (goal.trim() !== "") void discover({ goal: goal.trim(), data: data.trim() === "" ? null : data.trim(), online: online && !offline }); }}>
            <FormField label="What should the model get better at?" help={<>Searched are your library, the Hugging Face cache and <a href={paths.settings}>the folders you allowed</a>.</>}>
              {(ids) => <input {...ids} type="text" autoComplete="off" value={goal} onChange={(event) => setGoal(event.target.value)} />}
            </FormField>
            <FormField label="Your examples, if you have some" help="Path of a file. What is found is compared with it; rows that repeat its held-out rows are counted.">
              {(ids) => <input {...ids} type="text" spellCheck={false} autoComplete="off" placeholder="/path/to/examples.jsonl" value={data} onChange={(event) => setData(event.target.value)} />}
            </FormField>
            <label className="check"><input type="checkbox" disabled={offline} checked={online && !offline} onChange={(event) => setOnline(event.target.checked)} /> <span>Look on Hugging Face as well{offline ? <span className="muted">Off: you work offline, so zero connections are made.</span> : <span className="muted">Sends the words of the goal, nothing of your data.</span>}</span></label>
            <div><Button type="submit" look="primary" icon="search" busy={proposals.state === "loading"} disabled={goal.trim() === ""}>Find data</Button></div>
          </form>
          {proposals.state === "failed" ? <ProblemNotice problem={proposals.error} /> : null}
          <p className="visually-hidden" role="status">{found === null ? "" : `${found.length} data sets found`}</p>
          {found !== null && found.length === 0 ? <Empty title="No data set was found."><p>Allow another folder in the settings, or say the goal in other words.</p></Empty> : null}
        </div>
      </Card>
      {found === null || found.length === 0 ? null : <ol className="cards">{found.map((proposal) => <li key={`${proposal.origin}-${proposal.location}`}><Proposal proposal={proposal} /></li>)}</ol>}
    </>
  );
}

function Proposal({ proposal }: { readonly proposal: DataProposal }): ReactElement {
  const isLocal = proposal.origin !== "huggingface";
  return (
    <article className="card knowledge">
      <header className="knowledge-head">
        <h2>{proposal.name}</h2>
        <span className="knowledge-badges">
          <Badge tone={proposal.usable ? "gain" : "bad"} icon={proposal.usable ? "check" : "alert"}>{proposal.usable ? "Can be used" : "Cannot be used"}</Badge>
          <Badge tone="quiet">{originWords[proposal.origin]}</Badge>
        </span>
      </header>
      <p className="knowledge-claim">{proposal.reason}</p>
      <dl className="proposal-facts">
        <div><dt>Licence</dt><dd className={proposal.licence === null ? "muted" : undefined}>{proposal.licence ?? "not stated"}</dd></div>
        <div><dt>Size</dt><dd>{[proposal.rows === null ? null : `${grouped(proposal.rows)} rows`, proposal.sizeBytes === null ? null : formatBytes(proposal.sizeBytes)].filter((part) => part !== null).join(" · ") || "not known"}{proposal.format === null ? null : <span className="muted"> · {proposal.format}</span>}</dd></div>
        <div><dt><Hint text="Rows that repeat text of your held-out rows. Training on them would make the final test worthless.">Overlap</Hint></dt><dd className={(proposal.overlappingRows ?? 0) > 0 ? "tone-warn tone-text" : undefined}>{proposal.overlappingRows === null ? <span className="muted">nothing to compare with</span> : `${grouped(proposal.overlappingRows)} rows`}</dd></div>
        <div><dt>Relevance</dt><dd className="proposal-relevance"><span className="meter" aria-hidden="true"><span style={{ width: `${Math.min(1, Math.max(0, proposal.relevance)) * 100}%` }} /></span>{`${Math.round(proposal.relevance * 100)}\u2009%`}</dd></div>
      </dl>
      <div className="proposal-foot">
        <CopyText text={proposal.location} label="where it is" />
        {isLocal && proposal.usable ? <ButtonLink href={paths.newRunWith(proposal.location)} icon="plus">New run with it</ButtonLink> : null}
      </div>
    </article>
  );
}
