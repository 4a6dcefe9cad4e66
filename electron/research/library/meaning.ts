import { err, fail, ok, type LlamaHost, type Result } from "../../contract/index.js";
import { hashOfTexts, readVectors, writeVectors, type Vectors } from "./vector-file.js";

/** A local GGUF that turns texts into vectors. */
export interface Embedder {
  /** null: none is chosen. */
  model(signal: AbortSignal): Promise<Result<{ readonly path: string; readonly sha256: string; readonly name: string } | null>>;
  /** For people, without hashing the file; absent: `model` is asked. */
  readonly name?: () => Promise<string | null>;
  readonly embed: LlamaHost["embed"];
  /** Asks for the card; rejects when `signal` aborts. Absent: nobody has to be asked. */
  readonly lease?: (signal: AbortSignal) => Promise<() => Promise<void>>;
}

/** Texts of one document, or of the cards, with the key a hit on each is reported under. */
export interface TextGroup {
  readonly file: string;
  readonly texts: readonly { readonly key: string; readonly text: string }[];
}

/** While a training holds the card, searching goes on by words. */
const leaseWaitMs = 3000;
/** New documents are worked off over several searches, none of which waits longer than this. */
const workMs = 20_000;
const textsOfCall = 16;
/** All states of a language model point much the same way; from so many on that common part is taken off (arXiv 1702.01417). */
const leastForCentre = 16;
const mostRanked = 50;

export interface Meaning {
  /** Keys, nearest first; null: no embedding model is chosen. `pending`: so many texts have no vector yet. */
  search(query: string, groups: readonly TextGroup[], signal: AbortSignal): Promise<Result<{ keys: string[]; pending: number } | null>>;
}

export function createMeaning(embedder: Embedder, now: () => number): Meaning {
  const kept = new Map<string, Vectors>();
  /** Hashing the whole library at every search would cost more than the search. */
  const hashes = new WeakMap<TextGroup["texts"], string>();
  const hashOf = ({ texts }: TextGroup): string => {
    const hash = hashes.get(texts) ?? hashOfTexts(texts.map(({ text }) => text));
    hashes.set(texts, hash);
    return hash;
  };

  const vectorsOf = async (group: TextGroup, modelSha256: string): Promise<Vectors | null> => {
    const textsSha256 = hashOf(group);
    const fits = (vectors: Vectors | null | undefined): vectors is Vectors => vectors?.modelSha256 === modelSha256 && vectors.textsSha256 === textsSha256;
    const remembered = kept.get(group.file);
    if (fits(remembered)) return remembered;
    const read = await readVectors(group.file);
    if (!fits(read)) return null;
    kept.set(group.file, read);
    return read;
  };

  /** Makes vectors from where the group's file ends until it is whole or the time is up. */
  const complete = async (group: TextGroup, modelPath: string, modelSha256: string, endsAt: number, signal: AbortSignal): Promise<Result<Vectors | null>> => {
    let vectors = await vectorsOf(group, modelSha256);
    const before = vectors;
    const count = (): number => (vectors === null ? 0 : vectors.values.length / vectors.dimensions);
    while (count() < group.texts.length && now() < endsAt) {
      const made = await embedder.embed({ modelPath, texts: group.texts.slice(count(), count() + textsOfCall).map(({ text }) => text) }, signal);
      if (!made.ok) return made;
      const dimensions = made.value[0]?.length ?? 0;
      if (dimensions === 0 || made.value.some(({ length }) => length !== dimensions) || (vectors !== null && vectors.dimensions !== dimensions)) {
        return fail("INTERNAL", "library.wrong_vectors", "The embedding model gave vectors of different lengths.", "Choose another model for searching by meaning.");
      }
      const values: Float32Array = new Float32Array((vectors?.values.length ?? 0) + dimensions * made.value.length);
      values.set(vectors?.values ?? []);
      for (const [index, vector] of made.value.entries()) values.set(vector, (vectors?.values.length ?? 0) + index * dimensions);
      vectors = { modelSha256, textsSha256: hashOf(group), dimensions, values };
    }
    if (vectors !== null && vectors !== before) {
      kept.set(group.file, vectors);
      const written = await writeVectors(group.file, vectors);
      if (!written.ok) return written;
    }
    return ok(vectors);
  };

  return {
    async search(query, groups, signal) {
      const model = await embedder.model(signal);
      if (!model.ok) return model;
      if (model.value === null) return ok(null);
      const { path, sha256 } = model.value;
      let giveBack: (() => Promise<void>) | undefined;
      try {
        giveBack = await embedder.lease?.(AbortSignal.any([signal, AbortSignal.timeout(leaseWaitMs)]));
      } catch {
        return fail("ENV", "library.card_busy", "The graphics card is busy, so the library was searched by words only.", "Search again when the training is done.");
      }
      try {
        const asked = await embedder.embed({ modelPath: path, texts: [query] }, signal);
        if (!asked.ok) return asked;
        const [question] = asked.value;
        if (question === undefined) return err({ class: "INTERNAL", code: "library.wrong_vectors", message: "The embedding model gave no vector.", hint: "" });
        const endsAt = now() + workMs;
        const rows: { key: string; vector: Float32Array }[] = [];
        let pending = 0;
        for (const group of groups) {
          const made = await complete(group, path, sha256, endsAt, signal);
          if (!made.ok) return made;
          const vectors = made.value;
          const count = vectors?.dimensions === question.length ? vectors.values.length / question.length : 0;
          for (let index = 0; index < count && vectors !== null; index += 1) rows.push({ key: group.texts[index]?.key ?? "", vector: vectors.values.subarray(index * vectors.dimensions, (index + 1) * vectors.dimensions) });
          pending += group.texts.length - count;
        }
        return ok({ keys: nearest(question, rows), pending });
      } finally {
        await giveBack?.();
      }
    },
  };
}

/** Best piece of each page or card by cosine, after the common part is taken off. Only what points the query's way. */
export function nearest(question: Float32Array, rows: readonly { readonly key: string; readonly vector: Float32Array }[]): string[] {
  const centre = new Float64Array(question.length);
  if (rows.length >= leastForCentre) for (const { vector } of rows) for (const [index, value] of vector.entries()) centre[index] = (centre[index] ?? 0) + value / rows.length;
  const cosine = (vector: Float32Array): number => {
    let [dot, first, second] = [0, 0, 0];
    for (let index = 0; index < question.length; index += 1) {
      const [a, b] = [(question[index] ?? 0) - (centre[index] ?? 0), (vector[index] ?? 0) - (centre[index] ?? 0)];
      dot += a * b;
      first += a * a;
      second += b * b;
    }
    return first === 0 || second === 0 ? 0 : dot / Math.sqrt(first * second);
  };
  const best = new Map<string, number>();
  for (const { key, vector } of rows) best.set(key, Math.max(best.get(key) ?? -1, cosine(vector)));
  return [...best].filter(([, similarity]) => similarity > 0).sort(([firstKey, first], [secondKey, second]) => second - first || (firstKey < secondKey ? -1 : 1)).slice(0, mostRanked).map(([key]) => key);
}
