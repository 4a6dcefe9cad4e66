import { useEffect, useRef, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { Card } from "../../contract.js";
import { Badge } from "../../ui/controls.js";
import { formatExact } from "../../ui/format.js";
import { Fact } from "../../ui/panels.js";
import { cardKindWords, confidenceWords, effectWords } from "./library-words.js";

interface KnowledgeCardProps {
  readonly card: Card;
  /** A link led here: the card is open and has the focus. */
  readonly linked: boolean;
  readonly onTag?: (tag: string) => void;
}

/** One claim with all that stands behind it and against it. Its words may come from a document: they are only ever shown as text. */
export function KnowledgeCardView({ card, linked, onTag }: KnowledgeCardProps): ReactElement {
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    if (linked) element.current?.focus();
  }, [linked]);
  const confidence = confidenceWords[card.confidence];
  return (
    <article ref={element} className={linked ? "card knowledge is-linked" : "card knowledge"} tabIndex={linked ? -1 : undefined} aria-labelledby={`card-${card.id}`}>
      <header className="knowledge-head">
        <h2 id={`card-${card.id}`}>{card.title}</h2>
        <span className="knowledge-badges">
          <Badge tone={confidence.tone} hint={confidence.hint}>{confidence.label}</Badge>
          <Badge tone="quiet" hint={cardKindWords[card.kind].hint}>{cardKindWords[card.kind].label}</Badge>
          {card.disagreements.length === 0 ? null : <Badge tone="warn" icon="alert" hint="A source says otherwise; open the card to read what">Disputed</Badge>}
        </span>
      </header>
      <p className="knowledge-claim">{card.claim}</p>
      {card.numbers.length === 0 ? null : (
        <ul className="knowledge-numbers" aria-label="Numbers">
          {card.numbers.map((number) => <li key={number.name}><strong>{`${formatExact(number.value)}${number.unit === "" ? "" : `\u2009${number.unit === "percent" ? "%" : number.unit}`}`}</strong> <span className="muted">{number.name}</span></li>)}
        </ul>
      )}
      <details open={linked}>
        <summary>{card.disagreements.length === 0 ? "Scope and sources" : "Scope, sources and who disagrees"}</summary>
        <dl className="facts">
          <Fact label="Holds for">{card.scope}</Fact>
          {card.effects.length === 0 ? <Fact label="In the search">Informs people; the search makes no use of it by itself.</Fact> : <Fact label="In the search"><ul className="knowledge-list">{card.effects.map((effect, index) => <li key={index}>{effectWords(effect)}</li>)}</ul></Fact>}
          <Fact label={card.sources.length === 1 ? "Source" : "Sources"}>
            <ul className="knowledge-list">{card.sources.map((source, index) => <li key={index}>{source.title}{source.year === null ? "" : ` (${source.year})`}{source.locator === "" ? "" : `, ${source.locator}`} <span className="mono muted">{source.reference}</span></li>)}</ul>
          </Fact>
          {card.disagreements.length === 0 ? null : <Fact label="Says otherwise"><ul className="knowledge-list">{card.disagreements.map((other, index) => <li key={index}>{other.claim} <span className="muted">{other.source}</span></li>)}</ul></Fact>}
          {card.provenance === null ? null : <Fact label="Learned in"><a href={paths.run(card.provenance.runId)}>run {card.provenance.runId}</a>, experiment {card.provenance.nodeId} <span className="muted">({card.provenance.architecture}, {card.provenance.date})</span></Fact>}
          <Fact label="Card"><code>{card.id}</code></Fact>
        </dl>
      </details>
      {card.tags.length === 0 ? null : <p className="knowledge-tags">{card.tags.map((tag) => onTag === undefined ? <span key={tag} className="tag">{tag}</span> : <button key={tag} type="button" className="tag" onClick={() => onTag(tag)} title={`Show only cards tagged ${tag}`}>{tag}</button>)}</p>}
    </article>
  );
}
