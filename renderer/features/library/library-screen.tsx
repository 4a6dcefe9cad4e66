import "./library.css";
import { useEffect, type ReactElement } from "react";
import { librarySections, paths, type LibrarySection } from "../../app/route.js";
import { valueOf } from "../../store/loadable.js";
import { useApp } from "../../store/use-app.js";
import { Card, LoadingBlock, ProblemNotice } from "../../ui/panels.js";
import { CardsSection } from "./cards-section.js";
import { DataSection } from "./data-section.js";
import { DocumentsSection } from "./documents-section.js";
import { OnlineSection } from "./online-section.js";

const sectionWords: Readonly<Record<LibrarySection, string>> = { documents: "Documents", cards: "Cards", online: "Look online", data: "Find data" };

/** What the search may know: your documents, the cards made of them and those built in, and where to look for more. */
export function LibraryScreen({ section, cardId }: { readonly section: LibrarySection; readonly cardId: string | null }): ReactElement {
  const library = useApp((state) => state.library);
  const load = useApp((state) => state.loadLibrary);
  useEffect(() => void load(), [load]);
  const view = valueOf(library);
  const needsLibrary = section === "documents" || section === "cards";
  return (
    <div className="page page-narrow">
      <div className="page-head">
        <h1>Library</h1>
        <nav className="sections" aria-label="Library">
          {librarySections.map((name) => <a key={name} href={paths.library(name)} aria-current={name === section ? "page" : undefined}>{sectionWords[name]}</a>)}
        </nav>
      </div>
      {library.state === "failed" && needsLibrary ? <ProblemNotice problem={library.error} onRetry={() => void load()} /> : null}
      {section === "online" ? <OnlineSection /> : null}
      {section === "data" ? <DataSection /> : null}
      {needsLibrary && view === null && library.state !== "failed" ? <Card><LoadingBlock label="Opening the library" lines={6} /></Card> : null}
      {section === "documents" && view !== null ? <DocumentsSection view={view} /> : null}
      {section === "cards" && view !== null ? <CardsSection key={cardId} cards={view.cards} openId={cardId} /> : null}
    </div>
  );
}
