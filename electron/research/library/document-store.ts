import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { cardSchema, libraryDocumentSchema, ok, type Card, type LibraryDocument, type Result } from "../../contract/index.js";
import { failureOfIo, nodeFileSystem, readJson, writeFileAtomic } from "../../store/index.js";
import { extractedDocumentSchema, type ExtractedDocument } from "../readers/extracted-document.js";
import { isDocumentId, leavingId, type LibraryPaths } from "./library-paths.js";

const storedSchema = z.object({ version: z.literal(1), document: libraryDocumentSchema, pages: extractedDocumentSchema.shape.pages, hidden: extractedDocumentSchema.shape.hidden });
export type StoredDocument = z.infer<typeof storedSchema>;
const indexSchema = z.object({ version: z.literal(1), documents: z.array(z.unknown()) });
const mostBytes = 256 * 2 ** 20;

/**
 * The library's files. A document's own folder is written first and the index last, each as one step; so the index can
 * always be made again from the folders. What cannot be read is moved to `set-aside`, never deleted.
 */
export interface DocumentStore {
  /** Newest first. Finishes what a crash interrupted. Call it under the library's lock when `mayMend`. */
  load(mayMend: boolean): Promise<Result<LibraryDocument[]>>;
  put(document: LibraryDocument, extracted: Pick<ExtractedDocument, "pages" | "hidden">, cards: readonly Card[], others: readonly LibraryDocument[]): Promise<Result<void>>;
  remove(id: string, others: readonly LibraryDocument[]): Promise<Result<void>>;
  /** null: there is none, or it is damaged. */
  text(id: string): Promise<StoredDocument | null>;
  cards(id: string): Promise<readonly Card[] | null>;
}

export function createDocumentStore(paths: LibraryPaths, stamp: () => string): DocumentStore {
  const saveIndex = (documents: readonly LibraryDocument[]): Promise<Result<void>> => writeFileAtomic(paths.index, `${JSON.stringify({ version: 1, documents }, null, 1)}\n`);

  const setAside = async (from: string): Promise<void> => {
    await mkdir(paths.setAside, { recursive: true });
    await rename(from, path.join(paths.setAside, `${path.basename(from)}-${stamp()}`)).catch(() => undefined);
  };

  const text = async (id: string): Promise<StoredDocument | null> => {
    const read = await readJson(paths.document(id).text, storedSchema, { maximumBytes: mostBytes });
    return read.ok && read.value.document.id === id ? read.value : null;
  };

  const readIndex = async (mayMend: boolean): Promise<Result<{ documents: LibraryDocument[]; changed: boolean }>> => {
    const index = await readJson(paths.index, indexSchema, { maximumBytes: mostBytes });
    if (!index.ok) {
      if (index.error.code === "store.not_found") return ok({ documents: [], changed: false });
      if (!index.error.code.startsWith("json.")) return index;
      if (mayMend) await setAside(paths.index);
      return ok({ documents: [], changed: true });
    }
    const entries = index.value.documents.map((entry) => libraryDocumentSchema.safeParse(entry));
    const wrong = index.value.documents.filter((_entry, place) => entries[place]?.success === false);
    if (wrong.length > 0 && mayMend) {
      await mkdir(paths.setAside, { recursive: true });
      await writeFile(path.join(paths.setAside, `entries-${stamp()}.json`), JSON.stringify(wrong, null, 1));
    }
    return ok({ documents: entries.flatMap((entry) => (entry.success ? [entry.data] : [])), changed: wrong.length > 0 });
  };

  return {
    text,
    async cards(id) {
      const read = await readJson(paths.document(id).cards, z.array(cardSchema));
      return read.ok ? read.value : null;
    },

    async load(mayMend) {
      try {
        const index = await readIndex(mayMend);
        if (!index.ok) return index;
        let { changed } = index.value;
        const names = await readdir(paths.documents).catch((): string[] => []);
        const leaving = new Set(names.flatMap((name) => leavingId(name) ?? []));
        const folders = new Set(names.filter(isDocumentId));

        const documents: LibraryDocument[] = [];
        for (const document of index.value.documents) {
          // Removed, but the index was not told before the power went.
          if (leaving.has(document.id) && !folders.has(document.id)) { changed = true; continue; }
          if (documents.some(({ id }) => id === document.id)) { changed = true; continue; }
          documents.push(folders.has(document.id) || document.status === "failed" ? document
            : { ...document, status: "failed", cards: 0, warnings: [...document.warnings, "Its text is no longer in the library's folder. Add the file again."] });
        }
        const known = new Set(documents.map(({ id }) => id));
        for (const id of folders) {
          if (known.has(id)) continue;
          // Added, but the index was not told; or the index was lost.
          const stored = await text(id);
          changed = true;
          if (stored !== null) documents.push(stored.document);
          else if (mayMend) await setAside(paths.document(id).directory);
        }
        documents.sort((first, second) => (first.addedAt === second.addedAt ? (first.id < second.id ? -1 : 1) : first.addedAt < second.addedAt ? 1 : -1));
        if (mayMend) {
          if (changed) {
            const saved = await saveIndex(documents);
            if (!saved.ok) return saved;
          }
          for (const id of leaving) await rm(paths.leaving(id), { recursive: true, force: true });
        }
        return ok(documents);
      } catch (error) {
        return { ok: false, error: failureOfIo(error, `Cannot read the library in ${paths.directory}`) };
      }
    },

    async put(document, extracted, cards, others) {
      const place = paths.document(document.id);
      try {
        await mkdir(place.directory, { recursive: true });
        await nodeFileSystem.syncFolder(paths.documents);
      } catch (error) {
        return { ok: false, error: failureOfIo(error, `Cannot write to the library in ${paths.directory}`) };
      }
      const stored: StoredDocument = { version: 1, document, pages: [...extracted.pages], hidden: [...extracted.hidden] };
      const steps = [() => writeFileAtomic(place.cards, `${JSON.stringify(cards, null, 1)}\n`), () => writeFileAtomic(place.text, JSON.stringify(stored)), () => saveIndex([document, ...others.filter(({ id }) => id !== document.id)])];
      for (const step of steps) {
        const written = await step();
        if (!written.ok) return written;
      }
      return ok(undefined);
    },

    async remove(id, others) {
      try {
        await rm(paths.leaving(id), { recursive: true, force: true });
        await rename(paths.document(id).directory, paths.leaving(id)).catch((error: unknown) => {
          if ((error as { code?: unknown }).code !== "ENOENT") throw error;
        });
        const saved = await saveIndex(others.filter((other) => other.id !== id));
        if (!saved.ok) return saved;
        await rm(paths.leaving(id), { recursive: true, force: true });
        return ok(undefined);
      } catch (error) {
        return { ok: false, error: failureOfIo(error, "Cannot remove the document from the library") };
      }
    },
  };
}
