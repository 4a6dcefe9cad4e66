import { useMemo, useState, type ReactElement } from "react";
import type { Card as KnowledgeCard } from "../../contract.js";
import { Button } from "../../ui/controls.js";
import { FormField } from "../../ui/form-field.js";
import { Card, Empty, Notice } from "../../ui/panels.js";
import { anyCard, cardChoices, filterCards, isAnyCard, type CardFilter } from "./card-filter.js";
import { KnowledgeCardView } from "./knowledge-card.js";
import { cardKindWords, confidenceWords } from "./library-words.js";

const shownAtFirst = 30;

/** All cards, narrowed down by words, kind, tag and confidence. `openId` is the one a link led to. */
export function CardsSection({ cards, openId }: { readonly cards: readonly KnowledgeCard[]; readonly openId: string | null }): ReactElement {
  const [filter, setFilter] = useState<CardFilter>(anyCard);
  const [most, setMost] = useState(shownAtFirst);
  const choices = useMemo(() => cardChoices(cards), [cards]);
  const found = useMemo(() => filterCards(cards, filter), [cards, filter]);
  const linked = openId === null ? undefined : cards.find((card) => card.id === openId);
  const rest = found.filter((card) => card.id !== openId);
  const set = (change: Partial<CardFilter>): void => setFilter((before) => ({ ...before, ...change }));
  return (
    <>
      {openId === null ? null : linked === undefined ? <Notice tone="warn" title={`There is no card ${openId}.`}><p>It may have come from a document or a run that was removed since.</p></Notice> : <KnowledgeCardView card={linked} linked />}
      <Card title="Cards" aside={isAnyCard(filter) ? `${cards.length}` : `${found.length} of ${cards.length}`}>
        <div className="card-body library-stack">
          <p className="field-help">Each card is one claim with its scope, its numbers and where it comes from. Planners see cards and never the documents behind them.</p>
          <div className="card-filter" role="group" aria-label="Show cards">
            <FormField label="With the words">{(ids) => <input {...ids} type="text" autoComplete="off" value={filter.text} onChange={(event) => set({ text: event.target.value })} />}</FormField>
            <FormField label="From">
              {(ids) => <select {...ids} value={filter.kind} onChange={(event) => set({ kind: choices.kinds.find((kind) => kind === event.target.value) ?? "" })}><option value="">Anywhere</option>{choices.kinds.map((kind) => <option key={kind} value={kind}>{cardKindWords[kind].label}</option>)}</select>}
            </FormField>
            <FormField label="Tag">
              {(ids) => <select {...ids} value={filter.tag} onChange={(event) => set({ tag: event.target.value })}><option value="">Any</option>{choices.tags.map(({ tag, count }) => <option key={tag} value={tag}>{`${tag} (${count})`}</option>)}</select>}
            </FormField>
            <FormField label="Confidence">
              {(ids) => <select {...ids} value={filter.confidence} onChange={(event) => set({ confidence: choices.confidences.find((confidence) => confidence === event.target.value) ?? "" })}><option value="">Any</option>{choices.confidences.map((confidence) => <option key={confidence} value={confidence}>{confidenceWords[confidence].label}</option>)}</select>}
            </FormField>
          </div>
          <p className="visually-hidden" role="status">{`${found.length} of ${cards.length} cards`}</p>
          {cards.length === 0 ? <Empty title="There are no cards." /> : found.length === 0 ? <Empty title="No card fits."><Button onClick={() => setFilter(anyCard)}>Show all cards</Button></Empty> : null}
        </div>
      </Card>
      <ul className="cards">{rest.slice(0, most).map((card) => <li key={card.id}><KnowledgeCardView card={card} linked={false} onTag={(tag) => set({ tag })} /></li>)}</ul>
      {rest.length > most ? <Button onClick={() => setMost(most + shownAtFirst)}>{`Show ${Math.min(shownAtFirst, rest.length - most)} more`}</Button> : null}
    </>
  );
}
