import path from "node:path";
import type { LibraryDocument } from "../../contract/index.js";

export type DocumentKind = LibraryDocument["kind"];

const kinds: Readonly<Record<string, DocumentKind>> = {
  ".pdf": "pdf", ".md": "markdown", ".markdown": "markdown", ".mkd": "markdown", ".html": "html", ".htm": "html", ".xhtml": "html", ".bib": "bibtex", ".txt": "text", ".text": "text", ".rst": "text", ".tex": "text",
};
export const documentEndings = Object.keys(kinds);

/** By the name's ending; null for what the library does not read. */
export const documentKindOf = (filePath: string): DocumentKind | null => kinds[path.extname(filePath).toLowerCase()] ?? null;
