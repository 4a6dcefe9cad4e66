import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { onlineResultSchema, type OnlineResult, type Result } from "../../contract/index.js";
import { createRandom } from "../../stats/index.js";
import { arxivUrl, parseArxiv } from "./arxiv.js";
import { parseDatasets, parseModels, parsePapers, repositoriesUrl } from "./hugging-face.js";
import { parseSemanticScholar, semanticScholarUrl } from "./semantic-scholar.js";

const fixture = (name: string): string => readFileSync(new URL(`../../../test/fixtures/online/${name}`, import.meta.url), "utf8");
const resultsOf = (found: Result<readonly { readonly result: OnlineResult }[]>): Result<readonly OnlineResult[]> => (found.ok ? { ok: true, value: found.value.map(({ result }) => result) } : found);
const services: readonly { readonly name: string; readonly text: string; readonly parse: (text: string) => Result<readonly OnlineResult[]> }[] = [
  { name: "arXiv", text: fixture("arxiv-feed.xml"), parse: parseArxiv },
  { name: "Semantic Scholar", text: fixture("semantic-scholar.json"), parse: parseSemanticScholar },
  { name: "papers", text: fixture("hf-papers.json"), parse: parsePapers },
  { name: "models", text: fixture("hf-models.json"), parse: parseModels },
  { name: "data sets", text: fixture("hf-datasets.json"), parse: (text) => resultsOf(parseDatasets(text)) },
];
const hostile = ["<script>alert(1)</script>", "&lt;b&gt;", "\u202e", "\u200b", "__proto__", "https://evil.example/", "../", '"', "}", "]", "</entry>", "<!DOCTYPE a>", "null", "1e999", "-1", "\\u0000", "\0", "9".repeat(40)];

describe.each(services)("answers of $name, broken in many ways", ({ text, parse }) => {
  it("are refused or become results that the contract allows, and nothing throws", () => {
    const random = createRandom(7);
    const at = (): number => Math.floor(random() * text.length);
    let accepted = 0;
    for (let round = 0; round < 400; round += 1) {
      let broken = text;
      for (let cut = 0; cut <= round % 3; cut += 1) {
        const [from, to] = [at(), at()].sort((left, right) => left - right) as [number, number];
        const piece = hostile[Math.floor(random() * hostile.length)] ?? "";
        broken = round % 4 === 0 ? broken.slice(0, from) : round % 4 === 1 ? broken.slice(0, from) + piece + broken.slice(from) : round % 4 === 2 ? broken.slice(0, from) + broken.slice(Math.min(to, from + 60)) : broken.replace(/[A-Za-z]{6,}/u, piece);
      }
      const found = parse(broken);
      if (!found.ok) {
        expect(found.error.code).toMatch(/^online\.(?:unreadable|refused|rate_limited)$/u);
        expect(found.error.message).not.toContain("<script");
        continue;
      }
      accepted += 1;
      for (const result of found.value) {
        onlineResultSchema.strict().parse(result);
        expect(result.url).toMatch(/^https:\/\/(?:arxiv\.org\/abs|www\.semanticscholar\.org\/paper|huggingface\.co)\/[\w./-]+$/u);
        expect(result.url).not.toContain("..");
        expect([result.title, result.summary, ...result.authors, result.licence ?? ""].join(" ")).not.toMatch(/<[a-z!/?]|[\p{Cc}\u200b-\u200f\u202a-\u202e]/iu);
      }
    }
    expect(accepted).toBeGreaterThan(10);
  });
});

describe("questions", () => {
  it("carry the words and nothing that could be an operator or another parameter", () => {
    expect(arxivUrl("https://h/api/", 'rank AND (all:x) ANDNOT "y" &max_results=9999')?.search).toBe("?search_query=all%3Arank+AND+all%3Aall+AND+all%3Ax+AND+all%3Ay+AND+all%3Amax+AND+all%3Aresults+AND+all%3A9999&start=0&max_results=20&sortBy=relevance&sortOrder=descending");
    expect(arxivUrl("https://h/api/", "+ - !")).toBeNull();
    expect(semanticScholarUrl("https://h/graph/v1/", "a&limit=1000#x").href).toMatch(/^https:\/\/h\/graph\/v1\/paper\/search\?query=a%26limit%3D1000%23x&fields=/u);
    expect(repositoriesUrl("https://h/api/", "datasets", "x/../../y").pathname).toBe("/api/datasets");
  });
});
