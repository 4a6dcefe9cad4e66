import { z } from "zod";
import { ok, type OnlineResult, type Result } from "../../contract/index.js";
import { cleanIdentifier, cleanText, cleanYear } from "./clean-text.js";
import { limits, parseJsonAnswer, unreadable } from "./limits.js";

const fields = "title,abstract,year,authors,openAccessPdf,externalIds";

/** Paper relevance search (https://api.semanticscholar.org/api-docs/graph, GET /paper/search). */
export function semanticScholarUrl(base: string, query: string): URL {
  const url = new URL("paper/search", base);
  url.search = new URLSearchParams({ query, fields, limit: String(limits.results), offset: "0" }).toString();
  return url;
}

const answerSchema = z.object({ total: z.number().optional(), data: z.array(z.unknown()).optional() });
const paperSchema = z.object({
  paperId: z.string().regex(/^[0-9a-f]{40}$/u),
  title: z.string().nullish(),
  abstract: z.string().nullish(),
  year: z.number().nullish(),
  authors: z.array(z.object({ name: z.string().nullish() })).nullish(),
  openAccessPdf: z.object({ license: z.string().nullish() }).nullish(),
});

export function parseSemanticScholar(text: string): Result<readonly OnlineResult[]> {
  const json = parseJsonAnswer(text, "Semantic Scholar");
  if (!json.ok) return json;
  const answer = answerSchema.safeParse(json.value);
  // Without a hit the service leaves `data` out.
  if (!answer.success || (answer.data.data === undefined && answer.data.total !== 0)) return unreadable("Semantic Scholar");
  const papers = (answer.data.data ?? []).slice(0, limits.results);
  const results = papers.flatMap((paper) => resultOf(paper) ?? []);
  return papers.length > 0 && results.length === 0 ? unreadable("Semantic Scholar") : ok(results);
}

function resultOf(value: unknown): OnlineResult | null {
  const parsed = paperSchema.safeParse(value);
  if (!parsed.success) return null;
  const { paperId, title, abstract, year, authors, openAccessPdf } = parsed.data;
  const plain = cleanText(title ?? "", limits.titleCharacters);
  if (plain === "") return null;
  return {
    source: "semantic-scholar", id: paperId, title: plain,
    authors: (authors ?? []).slice(0, limits.authors).map((author) => cleanText(author.name ?? "", limits.authorCharacters)).filter((name) => name !== ""),
    year: cleanYear(year), summary: cleanText(abstract ?? "", limits.summaryCharacters),
    url: `https://www.semanticscholar.org/paper/${paperId}`,
    licence: cleanIdentifier(openAccessPdf?.license, limits.licenceCharacters), sizeBytes: null, downloads: null,
  };
}
