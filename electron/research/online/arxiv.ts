import { fail, ok, type OnlineResult, type Result } from "../../contract/index.js";
import { childText, parseXml, type XmlElement } from "./atom.js";
import { cleanText, cleanYear } from "./clean-text.js";
import { limits, noResults, unreadable } from "./limits.js";

const operators = new Set(["and", "or", "andnot", "to"]);
/** New numbers since April 2007, and the older kind with its archive (https://info.arxiv.org/help/arxiv_identifier.html). */
const idShape = /^(?:\d{4}\.\d{4,5}|[a-z-]{2,20}(?:\.[A-Z]{2})?\/\d{7})(v\d{1,3})?$/u;

/** Every word anywhere in the record, best matches first (arXiv API user's manual, sections 3.1.1 and 5.1). */
export function arxivUrl(base: string, query: string): URL | null {
  const words = query.normalize("NFKC").match(/[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*/gu)?.filter((word) => !operators.has(word.toLowerCase())).slice(0, 12) ?? [];
  if (words.length === 0) return null;
  const url = new URL("query", base);
  url.search = new URLSearchParams({ search_query: words.map((word) => `all:${word.slice(0, 60)}`).join(" AND "), start: "0", max_results: String(limits.results), sortBy: "relevance", sortOrder: "descending" }).toString();
  return url;
}

/** arXiv says even errors in Atom with status 200: a single entry named "Error" (manual, section 3.4); throttling is a bare line of text. */
export function parseArxiv(text: string): Result<readonly OnlineResult[]> {
  if (/^\s*rate exceeded/iu.test(text)) return fail("ENV", "online.rate_limited", "arXiv is asked too often at the moment.", "Try again in a minute.");
  const feed = parseXml(text);
  if (feed?.name !== "feed") return unreadable("arXiv");
  const entries = feed.children.filter((child) => child.name === "entry");
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && (childText(first, "id").includes("/api/errors") || childText(first, "title").trim() === "Error")) {
    return fail("CONFIG", "online.refused", `arXiv did not accept the question: ${cleanText(childText(first, "summary"), 160)}`, "Use other words.");
  }
  const results = entries.slice(0, limits.results).flatMap((entry) => resultOf(entry) ?? []);
  return entries.length > 0 && results.length === 0 ? unreadable("arXiv") : ok(results.length === 0 ? noResults : results);
}

function resultOf(entry: XmlElement): OnlineResult | null {
  const id = /^https?:\/\/arxiv\.org\/abs\/(.+)$/u.exec(childText(entry, "id").trim())?.[1]?.replace(/v\d{1,3}$/u, "");
  const title = cleanText(childText(entry, "title"), limits.titleCharacters);
  if (id === undefined || !idShape.test(id) || title === "") return null;
  return {
    source: "arxiv", id, title,
    authors: entry.children.filter((child) => child.name === "author").slice(0, limits.authors).map((author) => cleanText(childText(author, "name"), limits.authorCharacters)).filter((name) => name !== ""),
    year: cleanYear(childText(entry, "published")),
    summary: cleanText(childText(entry, "summary"), limits.summaryCharacters),
    url: `https://arxiv.org/abs/${id}`, licence: null, sizeBytes: null, downloads: null,
  };
}
