import { Fragment, type ReactElement } from "react";
import { paths } from "../../app/route.js";
import type { RunView } from "../../contract.js";
import { evidenceWords, readEvidence } from "./evidence.js";
import { useCardTitles } from "./use-card-titles.js";

interface EvidenceListProps {
  readonly ids: readonly string[];
  readonly view: RunView;
  readonly onSelect: (nodeId: string) => void;
}

/** Ids as links, where they lead somewhere: a card to the library, an experiment to its details. */
export function EvidenceList({ ids, view, onSelect }: EvidenceListProps): ReactElement {
  const mayBeCard = ids.some((id) => id !== "rule" && !id.includes(":") && !view.nodes.some((node) => node.id === id));
  const cardTitles = useCardTitles(mayBeCard);
  return (
    <>
      {ids.map((id, index) => {
        const evidence = readEvidence(id, { view, cardTitles });
        const words = evidenceWords(evidence);
        return (
          <Fragment key={`${index}-${id}`}>
            {index > 0 ? ", " : ""}
            {evidence.kind === "card" ? <a href={paths.card(evidence.cardId)}>{words}</a>
              : evidence.kind === "node" || evidence.kind === "diagnosis" ? <button type="button" className="link" onClick={() => onSelect(evidence.nodeId)}>{words}</button>
              : words}
          </Fragment>
        );
      })}
    </>
  );
}
