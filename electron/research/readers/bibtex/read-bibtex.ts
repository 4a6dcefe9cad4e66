import type { ExtractedDocument } from "../extracted-document.js";
import { createHiddenTally } from "../hidden-tally.js";
import { plainTitle, tidy, visibleCharacters } from "../plain-text.js";
import { parseBibtex, type BibEntry } from "./parse-bibtex.js";

const mostEntries = 20_000;
/** What a bibliography shows of an entry, in this order. Other fields (file, annote, private ones) are nobody's to read. */
const shown = ["title", "author", "editor", "year", "journal", "booktitle", "publisher", "doi", "eprint", "url", "keywords", "abstract", "note"] as const;

/** One page for each entry. Text between entries and in @comment, which BibTeX itself ignores, counts as hidden. */
export function readBibtex(source: string): ExtractedDocument {
  const tally = createHiddenTally();
  const { entries, ignored, problems } = parseBibtex(source);
  tally.add(1, "comment", ignored);
  const pages = entries.slice(0, mostEntries).map((entry, index) => {
    const visible = visibleCharacters(pageOf(entry));
    tally.addCount(index + 1, "control-characters", visible.removed);
    return { number: index + 1, text: tidy(visible.text) };
  });
  const warnings = problems.slice(0, 20).map(({ line, what }) => `Line ${line}: ${what}; the entry was left out.`);
  if (problems.length > 20) warnings.push(`${problems.length - 20} more entries were left out.`);
  if (entries.length > mostEntries) warnings.push(`Only the first ${mostEntries} of ${entries.length} entries were read.`);
  const only = entries.length === 1 ? entries[0]?.fields.get("title") : undefined;
  return { title: only === undefined ? null : plainTitle(fromLatex(only), 200), pages, hidden: tally.result(), warnings };
}

function pageOf(entry: BibEntry): string {
  return shown.flatMap((name) => {
    const value = entry.fields.get(name);
    return value === undefined ? [] : [name === "title" || name === "abstract" ? fromLatex(value) : `${name}: ${fromLatex(value)}`];
  }).join("\n");
}

const accents: Readonly<Record<string, string>> = { "\"": "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307", u: "\u0306", v: "\u030C", H: "\u030B", c: "\u0327", k: "\u0328", r: "\u030A" };
const letters: Readonly<Record<string, string>> = { ss: "ß", o: "ø", O: "Ø", l: "ł", L: "Ł", ae: "æ", AE: "Æ", oe: "œ", OE: "Œ", aa: "å", AA: "Å", i: "i", j: "j" };

/** Enough of TeX for names and titles: accents, letters, braces, dashes; other commands vanish and leave their argument, \phantom takes it along. */
function fromLatex(value: string): string {
  return value
    .replace(/\\phantom\s*\{[^{}]*\}/gu, " ")
    .replace(/\\(["'`^~=.])\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))/gu, (_whole, accent: string, braced: string | undefined, bare: string | undefined) => `${braced ?? bare ?? ""}${accents[accent] ?? ""}`)
    .replace(/\\([uvHckr])\s*\{\\?([A-Za-z])\}/gu, (_whole, accent: string, letter: string) => `${letter}${accents[accent] ?? ""}`)
    .replace(/\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])\s?/gu, (_whole, name: string) => letters[name] ?? "")
    .replace(/\\([&%$#_{}])/gu, "$1")
    .replace(/\\[A-Za-z]+\*?\s*/gu, "")
    .replace(/[{}$]/gu, "")
    .replace(/~/gu, " ")
    .replace(/---?/gu, "-")
    .normalize("NFC");
}
