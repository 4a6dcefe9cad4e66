import MiniSearch from "minisearch";

/** A page or a card, as it is searched. */
export interface Entry {
  /** "document <id> <page>" or "card <id>". */
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

export interface FullText {
  replace(group: string, entries: readonly Entry[]): Promise<void>;
  /** Keys, best first. */
  search(query: string, most: number): string[];
}

const mostTerms = 32;

/** BM25 over pages and cards, with beginnings of words and small typing errors. Numbers like 2e-4 and 0.05 are words. */
export function createFullText(): FullText {
  const index = new MiniSearch<Entry>({
    idField: "key", fields: ["title", "text"], tokenize: termsOf, processTerm: (term) => term,
    searchOptions: { boost: { title: 2 }, prefix: (term) => term.length >= 3, fuzzy: (term) => (term.length >= 5 && !/\d/u.test(term) ? 0.2 : false), weights: { prefix: 0.4, fuzzy: 0.2 } },
  });
  const groups = new Map<string, readonly string[]>();
  return {
    async replace(group, entries) {
      for (const key of groups.get(group) ?? []) index.discard(key);
      if (entries.length === 0) groups.delete(group);
      else groups.set(group, entries.map(({ key }) => key));
      await index.addAllAsync(entries, { chunkSize: 20 });
    },
    search: (query, most) => index.search(termsOf(query).slice(0, mostTerms).join(" ")).slice(0, most).map(({ id }) => id as string),
  };
}

export function termsOf(text: string): string[] {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+(?:[.^-]\p{N}+)*/gu) ?? [];
}
