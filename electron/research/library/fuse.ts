export interface Fused { readonly key: string; readonly score: number; readonly by: "words" | "meaning" | "both" }

/** From Cormack, Clarke and Büttcher (SIGIR 2009): ranks need no common scale, and 60 keeps one list from ruling alone. */
const damping = 60;

/** Reciprocal rank fusion; ties by key, so that the same lists always give the same order. */
export function fuse(words: readonly string[], meaning: readonly string[]): Fused[] {
  const byWords = new Map(words.map((key, rank) => [key, rank] as const));
  const byMeaning = new Map(meaning.map((key, rank) => [key, rank] as const));
  const share = (rank: number | undefined): number => (rank === undefined ? 0 : 1 / (damping + rank + 1));
  return [...new Set([...words, ...meaning])].map((key) => {
    const [first, second] = [byWords.get(key), byMeaning.get(key)];
    return { key, score: share(first) + share(second), by: first === undefined ? "meaning" as const : second === undefined ? "words" as const : "both" as const };
  }).sort((first, second) => second.score - first.score || (first.key < second.key ? -1 : 1));
}
