import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fail, ok, type Card, type LibraryDocument, type Result } from "../../contract/index.js";
import { failureOfIo } from "../../store/index.js";
import { documentKindOf } from "../readers/document-kind.js";
import type { DocumentReader } from "../readers/document-reader.js";
import { hiddenCharacters, hiddenSentence, type ExtractedDocument } from "../readers/extracted-document.js";
import { plainTitle } from "../readers/plain-text.js";
import { readLimits } from "../readers/read-document.js";
import { readCardsByModel, type ModelReaderOptions } from "../quarantine/model-reader.js";
import { readCardsByRules, type ReadCards } from "../quarantine/read-cards.js";
import type { Reading } from "../quarantine/reading.js";
import type { DocumentFacts } from "../quarantine/card-of-claim.js";

export interface ReadingTools {
  readonly reader: DocumentReader;
  readonly clock: { now(): number; date(): Date };
  /** null: cards are made by rules alone. */
  readonly cardModel: ModelReaderOptions | null;
}

export interface PreparedDocument {
  readonly document: LibraryDocument;
  readonly extracted: Pick<ExtractedDocument, "pages" | "hidden">;
  readonly cards: readonly Card[];
}

/** The file's bytes and what they hash to; the very bytes that are read later. */
export async function loadFile(file: string): Promise<Result<{ bytes: Uint8Array; sha256: string }>> {
  try {
    const { size } = await stat(file);
    if (size > readLimits.mostBytes) return fail("DATA", "document.too_large", `${path.basename(file)} has ${Math.ceil(size / 2 ** 20)} MiB; at most ${readLimits.mostBytes / 2 ** 20} are read.`, "Split it, or add the part that matters.");
    const bytes = new Uint8Array(await readFile(file));
    return ok({ bytes, sha256: createHash("sha256").update(bytes).digest("hex") });
  } catch (error) {
    return { ok: false, error: failureOfIo(error, `Cannot read ${file}`) };
  }
}

/** Reads a document and makes its cards. One that cannot be read is an entry that says why; only a cancellation fails. */
export async function prepareDocument(file: string, loaded: { bytes: Uint8Array; sha256: string }, tools: ReadingTools, signal: AbortSignal): Promise<Result<PreparedDocument>> {
  const kind = documentKindOf(file) ?? "text";
  const fileName = plainTitle(path.basename(file), 200);
  const facts = { id: loaded.sha256, kind, path: file, sha256: loaded.sha256, addedAt: tools.clock.date().toISOString() };
  const result = await tools.reader.read(loaded.bytes, kind, signal);
  if (!result.ok) {
    if (result.error.class === "CANCELLED") return result;
    const why = `${result.error.message}${result.error.hint === "" ? "" : ` ${result.error.hint}`}`;
    return ok({ document: { ...facts, title: fileName, pages: 0, characters: 0, hiddenCharacters: 0, cards: 0, status: "failed", warnings: [why] }, extracted: { pages: [], hidden: [] }, cards: [] });
  }
  const { document: { pages, hidden, warnings, title: shown }, reading } = result.value;
  const title = plainTitle(shown ?? "", 200) || fileName;
  const place = kind === "pdf" ? "page" : kind === "bibtex" ? "entry" : "part";
  const read = await readCards(reading, { sha256: loaded.sha256, title, fileName, place }, tools, signal);
  if (!read.ok) return read;
  const hiddenNote = hiddenSentence(hidden, kind === "pdf");
  return ok({
    document: {
      ...facts, title, pages: pages.length, characters: pages.reduce((sum, { text }) => sum + text.length, 0), hiddenCharacters: hiddenCharacters(hidden),
      cards: read.value.cards.length, status: "read", warnings: [...warnings, ...(hiddenNote === null ? [] : [hiddenNote]), ...read.value.warnings],
    },
    extracted: { pages, hidden }, cards: read.value.cards,
  });
}

function readCards(reading: Reading, facts: DocumentFacts, tools: ReadingTools, signal: AbortSignal): Promise<Result<ReadCards>> {
  if (tools.cardModel === null) return Promise.resolve(ok(readCardsByRules(reading, facts)));
  return readCardsByModel(reading, facts, tools.cardModel, () => tools.clock.now(), signal);
}
