import { fail, ok, type Card, type Clock, type LibraryDocument, type LibraryView, type Result, type SearchHit } from "../../contract/index.js";
import type { CardShelf } from "../cards/card-shelf.js";
import type { DocumentReader } from "../readers/document-reader.js";
import type { ModelReaderOptions } from "../quarantine/model-reader.js";
import { readPages } from "../quarantine/reading.js";
import { readCardsByRules } from "../quarantine/read-cards.js";
import { loadFile, prepareDocument } from "./add-document.js";
import { createDocumentStore, type StoredDocument } from "./document-store.js";
import { createExclusive } from "./exclusive.js";
import { findDocuments } from "./find-documents.js";
import { createFullText } from "./full-text.js";
import { fuse } from "./fuse.js";
import { libraryPaths } from "./library-paths.js";
import { createMeaning, type Embedder, type TextGroup } from "./meaning.js";
import { cardKey, entriesOf, entryOfCard, groupOf, hasPages, textOfCard } from "./shelf-texts.js";
import { snippetOf } from "./snippet.js";

export interface LibraryOptions {
  readonly home: string;
  readonly shelf: CardShelf;
  readonly reader: DocumentReader;
  readonly clock: Clock;
  /** Absent: search is by words only. */
  readonly embedder?: Embedder;
  /** Asked once for each `add`; null: cards are made by rules alone. */
  readonly cardModel?: () => Promise<ModelReaderOptions | null>;
}

/** The user's documents, and search over them and all cards. The channels library.view, add, remove and search. */
export interface Library {
  view(signal: AbortSignal): Promise<Result<LibraryView>>;
  /** A file, or a folder whose documents are all added. What cannot be read becomes an entry that says why. */
  add(path: string, signal: AbortSignal): Promise<Result<LibraryView>>;
  remove(documentId: string, signal: AbortSignal): Promise<Result<LibraryView>>;
  search(query: string, most: number, signal: AbortSignal): Promise<Result<SearchHit[]>>;
  documentCards(): Promise<Result<readonly Card[]>>;
  /** Ends the reader's process. */
  release(): void;
}

const rankedOfList = 50;
const insightsWithVectors = 300;

export function createLibrary(options: LibraryOptions): Library {
  const paths = libraryPaths(options.home);
  const store = createDocumentStore(paths, () => options.clock.date().toISOString().replace(/[:.]/gu, "-"));
  const exclusively = createExclusive(paths.directory);
  const fullText = createFullText();
  const meaning = options.embedder === undefined ? null : createMeaning(options.embedder, () => options.clock.now());
  /** What is in the full-text index, by document; and what each search reads again and again. */
  const open = new Map<string, { readonly stored: StoredDocument; readonly cards: readonly Card[]; readonly group: TextGroup }>();
  let indexedShelf = "";
  let shelfGroups: TextGroup[] = [];
  let indexing: Promise<unknown> = Promise.resolve();
  let mended = false;

  /** The first look mends what a crash left; later ones only read. */
  const documents = async (): Promise<Result<LibraryDocument[]>> => {
    if (mended) return await store.load(false);
    const looked = await store.load(false);
    if (looked.ok && looked.value.length === 0) return looked;
    const loaded = await exclusively(() => store.load(true));
    mended = loaded.ok;
    // Another program holds the library: looking is still possible.
    return loaded.ok ? loaded : looked;
  };

  /** Cards that were lost or damaged are made again by rules from the stored text. */
  const cardsOf = async (document: LibraryDocument): Promise<readonly Card[]> => {
    const cards = await store.cards(document.id);
    if (cards !== null || document.status === "failed") return cards ?? [];
    const stored = await store.text(document.id);
    if (stored === null) return [];
    const place = document.kind === "pdf" ? "page" : document.kind === "bibtex" ? "entry" : "part";
    return readCardsByRules(readPages(stored.pages), { sha256: document.sha256, title: document.title, fileName: document.path.split(/[\\/]/u).at(-1) ?? "", place }).cards;
  };

  const shelfCards = async (): Promise<Result<{ builtIn: readonly Card[]; insights: readonly Card[] }>> => {
    const builtIn = await options.shelf.builtIn();
    if (!builtIn.ok) return builtIn;
    const insights = await options.shelf.insights();
    return insights.ok ? ok({ builtIn: builtIn.value, insights: insights.value }) : insights;
  };

  const view = async (signal: AbortSignal): Promise<Result<LibraryView>> => {
    const listed = await documents();
    if (!listed.ok) return listed;
    const shelf = await shelfCards();
    if (!shelf.ok) return shelf;
    const ofDocuments = await Promise.all(listed.value.map(cardsOf));
    return ok({ documents: listed.value, cards: [...shelf.value.builtIn, ...shelf.value.insights, ...ofDocuments.flat()], embeddingModel: await embedderName(options.embedder, signal) });
  };

  /** Brings the full-text index and the passages up to what lies in the library now. */
  const refresh = async (listed: readonly LibraryDocument[], shelf: { builtIn: readonly Card[]; insights: readonly Card[] }): Promise<void> => {
    const wanted = new Set(listed.filter(({ status }) => status === "read").map(({ id }) => id));
    for (const id of [...open.keys()]) if (!wanted.has(id)) { open.delete(id); await fullText.replace(id, []); }
    for (const document of listed) {
      if (!wanted.has(document.id) || open.has(document.id)) continue;
      const stored = await store.text(document.id);
      if (stored === null) continue;
      const cards = await cardsOf(document);
      open.set(document.id, { stored, cards, group: groupOf(paths.document(document.id).vectors, stored, cards) });
      await fullText.replace(document.id, entriesOf(stored, cards));
    }
    const ids = JSON.stringify([...shelf.builtIn, ...shelf.insights].map(({ id, claim }) => [id, claim]));
    if (ids === indexedShelf) return;
    indexedShelf = ids;
    await fullText.replace("shelf", [...shelf.builtIn, ...shelf.insights].map(entryOfCard));
    shelfGroups = [
      { file: paths.builtInVectors, texts: shelf.builtIn.map(textOfCard) },
      { file: paths.insightVectors, texts: shelf.insights.slice(-insightsWithVectors).map(textOfCard) },
    ];
  };

  const addFile = async (file: string, cardModel: ModelReaderOptions | null, signal: AbortSignal): Promise<Result<void>> => {
    const loaded = await loadFile(file);
    if (!loaded.ok) return loaded;
    const before = await documents();
    if (!before.ok) return before;
    const same = before.value.find(({ id }) => id === loaded.value.sha256);
    if (same?.status === "read" && (await store.text(same.id)) !== null) return ok(undefined);
    const prepared = await prepareDocument(file, loaded.value, { reader: options.reader, clock: options.clock, cardModel }, signal);
    if (!prepared.ok) return prepared;
    const { document, extracted, cards } = prepared.value;
    open.delete(document.id);
    return await exclusively(async () => {
      const now = await store.load(true);
      if (!now.ok) return now;
      // The same file with other content: the new one takes the old one's place.
      const replaced = now.value.filter(({ path, id }) => path === file && id !== document.id);
      const others = now.value.filter((other) => !replaced.includes(other));
      const written = await store.put(document, extracted, cards, others);
      if (!written.ok) return written;
      for (const old of replaced) {
        const removed = await store.remove(old.id, [document, ...others.filter(({ id }) => id !== document.id)]);
        if (!removed.ok) return removed;
      }
      return ok(undefined);
    });
  };

  return {
    view,
    async add(path, signal) {
      const files = await findDocuments(path);
      if (!files.ok) return files;
      const cardModel = (await options.cardModel?.()) ?? null;
      try {
        for (const file of files.value) {
          if (signal.aborted) return fail("CANCELLED", "library.cancelled", "Adding documents was stopped on request; those already added stay.", "");
          const added = await addFile(file, cardModel, signal);
          if (!added.ok) return added;
        }
      } finally {
        options.reader.release();
      }
      return await view(signal);
    },
    async remove(documentId, signal) {
      const removed = await exclusively(async () => {
        const now = await store.load(true);
        if (!now.ok) return now;
        if (!now.value.some(({ id }) => id === documentId)) return fail("CONFIG", "library.no_document", "There is no such document in the library.", "It may have been removed already.");
        return await store.remove(documentId, now.value);
      });
      return removed.ok ? await view(signal) : removed;
    },
    async search(query, most, signal) {
      const listed = await documents();
      if (!listed.ok) return listed;
      const shelf = await shelfCards();
      if (!shelf.ok) return shelf;
      const refreshed = indexing.then(() => refresh(listed.value, shelf.value));
      indexing = refreshed.catch(() => undefined);
      await refreshed;
      if (query.trim() === "") return ok([]);
      const words = fullText.search(query, rankedOfList);
      const groups = [...shelfGroups, ...[...open.values()].map(({ group }) => group)];
      const near = (await meaning?.search(query, groups, signal)) ?? ok(null);
      // A model that fails or a busy card takes nothing away from the search by words.
      if (!near.ok && near.error.class === "CANCELLED" && signal.aborted) return near;
      const cards = new Map([...shelf.value.builtIn, ...shelf.value.insights, ...[...open.values()].flatMap((document) => document.cards)].map((card) => [cardKey(card.id), card]));
      return ok(fuse(words, near.ok ? near.value?.keys ?? [] : []).flatMap(({ key, score, by }) => {
        const hit = hitOf(key, query, cards, open);
        return hit === null ? [] : [{ ...hit, score, by }];
      }).slice(0, most));
    },
    async documentCards() {
      const listed = await documents();
      if (!listed.ok) return listed;
      return ok((await Promise.all(listed.value.map(cardsOf))).flat());
    },
    release: () => { options.reader.release(); },
  };
}

async function embedderName(embedder: Embedder | undefined, signal: AbortSignal): Promise<string | null> {
  if (embedder?.name !== undefined) return await embedder.name();
  const model = await embedder?.model(signal);
  return model?.ok === true ? model.value?.name ?? null : null;
}

function hitOf(key: string, query: string, cards: ReadonlyMap<string, Card>, open: ReadonlyMap<string, { readonly stored: StoredDocument }>): Omit<SearchHit, "score" | "by"> | null {
  const card = cards.get(key);
  if (card !== undefined) return { source: "card", id: card.id, title: card.title, page: null, snippet: card.claim };
  const [, id = "", number = ""] = key.split(" ");
  const stored = open.get(id)?.stored;
  const page = stored?.pages.find((candidate) => candidate.number === Number(number));
  if (stored === undefined || page === undefined) return null;
  return { source: "document", id, title: stored.document.title, page: hasPages(stored.document) ? page.number : null, snippet: snippetOf(page.text, query) };
}
