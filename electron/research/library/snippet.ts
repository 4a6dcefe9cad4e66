import { termsOf } from "./full-text.js";

const mostCharacters = 240;

/** The stretch of a text that holds most of the query's words; its beginning when it holds none. */
export function snippetOf(text: string, query: string): string {
  const flat = text.replace(/\s+/gu, " ").trim();
  if (flat.length <= mostCharacters) return flat;
  const lower = flat.toLowerCase();
  const places = termsOf(query).slice(0, 16).flatMap((term) => {
    const found: number[] = [];
    for (let at = lower.indexOf(term); at >= 0 && found.length < 50; at = lower.indexOf(term, at + term.length)) found.push(at);
    return found.map((at) => ({ at, term }));
  });
  let best = { from: 0, terms: 0 };
  for (const { at } of places) {
    const from = Math.max(0, at - 40);
    const terms = new Set(places.filter((other) => other.at >= from && other.at < from + mostCharacters - 20).map(({ term }) => term)).size;
    if (terms > best.terms) best = { from, terms };
  }
  const start = best.from === 0 ? 0 : flat.indexOf(" ", best.from) + 1;
  const cut = flat.slice(start, start + mostCharacters);
  const end = start + mostCharacters >= flat.length ? cut.length : Math.max(cut.lastIndexOf(" "), mostCharacters / 2);
  return `${start > 0 ? "…" : ""}${cut.slice(0, end).trim()}${start + end < flat.length ? "…" : ""}`;
}
