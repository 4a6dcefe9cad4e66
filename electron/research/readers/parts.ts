import type { DocumentPage } from "./extracted-document.js";

/** About a printed page: small enough to name as a place, large enough to hold an argument. */
const partCharacters = 4000;

/** A text without pages of its own, cut where paragraphs (else lines, else words) end. */
export function partsOf(text: string, mostCharacters = partCharacters): DocumentPage[] {
  return cut(text, mostCharacters).map((part, index) => ({ number: index + 1, text: part }));
}

/** Pieces of at most so many characters, in order; nothing but blanks between them is lost. */
export function cut(text: string, mostCharacters: number): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > mostCharacters) {
    const window = rest.slice(0, mostCharacters);
    const at = [window.lastIndexOf("\n\n"), window.lastIndexOf("\n"), window.lastIndexOf(". ") + 1, window.lastIndexOf(" ")].find((place) => place > mostCharacters / 3) ?? mostCharacters;
    pieces.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  if (rest !== "") pieces.push(rest);
  return pieces;
}
