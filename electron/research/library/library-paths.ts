import path from "node:path";

/** `TREX_HOME/library`. A document's folder is named after the SHA-256 of its file. */
export interface LibraryPaths {
  readonly directory: string;
  readonly index: string;
  readonly documents: string;
  readonly setAside: string;
  /** Vectors of the cards that belong to no document. */
  readonly builtInVectors: string;
  readonly insightVectors: string;
  document(id: string): { readonly directory: string; readonly text: string; readonly cards: string; readonly vectors: string };
  /** Where a document goes on its way out: a removal that was interrupted is seen and finished. */
  leaving(id: string): string;
}

const leavingMark = ".removed-";
const idPattern = /^[0-9a-f]{64}$/u;

export const isDocumentId = (name: string): boolean => idPattern.test(name);
export const leavingId = (name: string): string | null => (name.startsWith(leavingMark) && isDocumentId(name.slice(leavingMark.length)) ? name.slice(leavingMark.length) : null);

export function libraryPaths(home: string): LibraryPaths {
  const directory = path.join(home, "library");
  const documents = path.join(directory, "documents");
  return {
    directory, documents,
    index: path.join(directory, "index.json"),
    setAside: path.join(directory, "set-aside"),
    builtInVectors: path.join(directory, "built-in-vectors.bin"),
    insightVectors: path.join(directory, "insight-vectors.bin"),
    document(id) {
      const folder = path.join(documents, id);
      return { directory: folder, text: path.join(folder, "text.json"), cards: path.join(folder, "cards.json"), vectors: path.join(folder, "vectors.bin") };
    },
    leaving: (id) => path.join(documents, `${leavingMark}${id}`),
  };
}
