import { createBreather } from "../breather.js";
import { FailureError } from "../../contract/index.js";
import { cancelledFailure } from "../cancelled.js";
import { featurePlaces, featuresOf } from "./text-features.js";

/** The most telling features of a text are kept, so that memory is bounded by rows and not by their length. */
const featuresKept = 48;
/** Postings looked at per question. A question made of very common words is compared by its rarest ones first. */
const mostVisits = 60_000;
/** Rows of which the similarity is computed in full, beyond those asked for. */
const spareCandidates = 64;

export interface Neighbour {
  readonly row: number;
  /** Cosine of the two TF-IDF vectors, 0..1. */
  readonly similarity: number;
}

interface Vector {
  /** Rising. */
  readonly terms: Uint32Array;
  /** Of unit length. */
  readonly weights: Float32Array;
}

/**
 * Texts by TF-IDF cosine: (1 + ln tf) · (ln((1 + N) / (1 + df)) + 1), the 48 heaviest features of a text, unit length
 * (Salton and Buckley 1988, with the smooth idf that keeps a weight above zero). Memory: 16 bytes per kept feature,
 * about 80 MB for 100,000 long rows. A search is exact while its postings stay within `mostVisits`; beyond, candidates
 * come from the rarest features and are then compared in full. The same texts always give the same answers.
 */
export class SimilarityIndex {
  readonly size: number;
  readonly #idf: Float64Array;
  readonly #starts: Uint32Array;
  readonly #terms: Uint32Array;
  readonly #weights: Float32Array;
  /** Rows by feature: where a feature's rows begin, the rows, and their weights. */
  readonly #lists: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #rowWeights: Float32Array;
  /** Work space of one search. */
  readonly #scores: Float64Array;
  readonly #met: Uint32Array;

  private constructor(vectors: { starts: Uint32Array; terms: Uint32Array; weights: Float32Array }, idf: Float64Array) {
    this.#idf = idf;
    this.#starts = vectors.starts;
    this.#terms = vectors.terms;
    this.#weights = vectors.weights;
    this.size = vectors.starts.length - 1;
    this.#scores = new Float64Array(this.size);
    this.#met = new Uint32Array(this.size);
    this.#lists = new Uint32Array(featurePlaces + 1);
    this.#rows = new Uint32Array(this.#terms.length);
    this.#rowWeights = new Float32Array(this.#terms.length);
    this.#invert();
  }

  /** Throws FailureError when it is stopped. */
  static async build(texts: readonly string[], signal: AbortSignal): Promise<SimilarityIndex> {
    const breathe = createBreather();
    const pause = async () => {
      if (signal.aborted) throw new FailureError(cancelledFailure);
      await breathe();
    };
    const frequencies = new Uint32Array(featurePlaces);
    for (const text of texts) {
      await pause();
      let last = -1;
      for (const term of featuresOf(text)) {
        if (term !== last) frequencies[term] = (frequencies[term] ?? 0) + 1;
        last = term;
      }
    }
    const idf = new Float64Array(featurePlaces);
    for (let term = 0; term < featurePlaces; term += 1) {
      const frequency = frequencies[term] ?? 0;
      if (frequency > 0) idf[term] = Math.log((1 + texts.length) / (1 + frequency)) + 1;
    }
    const starts = new Uint32Array(texts.length + 1);
    const terms = new Uint32Array(texts.length * featuresKept);
    const weights = new Float32Array(texts.length * featuresKept);
    let filled = 0;
    for (const [row, text] of texts.entries()) {
      await pause();
      const vector = vectorOf(text, idf);
      terms.set(vector.terms, filled);
      weights.set(vector.weights, filled);
      filled += vector.terms.length;
      starts[row + 1] = filled;
    }
    return new SimilarityIndex({ starts, terms: terms.slice(0, filled), weights: weights.slice(0, filled) }, idf);
  }

  /** The vector of one of the texts. */
  vector(row: number): Vector {
    const [from, to] = [this.#starts[row] ?? 0, this.#starts[row + 1] ?? 0];
    return { terms: this.#terms.subarray(from, to), weights: this.#weights.subarray(from, to) };
  }

  /** The `count` rows most like the text, the most similar first, equals by row; rows that share nothing with it never. */
  nearest(text: string, count: number, mayServe: (row: number) => boolean): Neighbour[] {
    const question = vectorOf(text, this.#idf);
    const met = this.#accumulate(question);
    const scores = this.#scores;
    const likely = best(met, (row) => scores[row] ?? 0, count + spareCandidates).map(({ row }) => row);
    for (const row of met) scores[row] = 0;
    return best(likely.filter(mayServe), (row) => dot(question, this.vector(row)), count);
  }

  /** Adds a vector's products to the rows' scores, the heaviest features first; the rows met. */
  #accumulate(question: Vector): Uint32Array {
    const order = [...question.terms.keys()].sort((left, right) => (question.weights[right] ?? 0) - (question.weights[left] ?? 0) || left - right);
    // Fields are read once: this loop is where all the time goes.
    const [lists, rows, rowWeights, scores, met] = [this.#lists, this.#rows, this.#rowWeights, this.#scores, this.#met];
    let count = 0;
    let visits = 0;
    for (const place of order) {
      const term = question.terms[place] ?? 0;
      const weight = question.weights[place] ?? 0;
      const [from, to] = [lists[term] ?? 0, lists[term + 1] ?? 0];
      if (visits > 0 && visits + to - from > mostVisits) break;
      visits += to - from;
      for (let at = from; at < to; at += 1) {
        const row = rows[at] ?? 0;
        const before = scores[row] ?? 0;
        if (before === 0) met[count++] = row;
        scores[row] = before + weight * (rowWeights[at] ?? 0);
      }
    }
    return met.subarray(0, count);
  }

  #invert(): void {
    for (const term of this.#terms) this.#lists[term + 1] = (this.#lists[term + 1] ?? 0) + 1;
    for (let term = 0; term < featurePlaces; term += 1) this.#lists[term + 1] = (this.#lists[term + 1] ?? 0) + (this.#lists[term] ?? 0);
    const next = this.#lists.slice();
    for (let row = 0; row < this.size; row += 1) {
      for (let at = this.#starts[row] ?? 0; at < (this.#starts[row + 1] ?? 0); at += 1) {
        const term = this.#terms[at] ?? 0;
        const place = next[term] ?? 0;
        next[term] = place + 1;
        this.#rows[place] = row;
        this.#rowWeights[place] = this.#weights[at] ?? 0;
      }
    }
  }
}

/** Cosine of two vectors of unit length. */
export function dot(left: Vector, right: Vector): number {
  let sum = 0;
  for (let at = 0, other = 0; at < left.terms.length && other < right.terms.length; ) {
    const [mine, theirs] = [left.terms[at] ?? 0, right.terms[other] ?? 0];
    if (mine === theirs) sum += (left.weights[at] ?? 0) * (right.weights[other] ?? 0);
    if (mine <= theirs) at += 1;
    if (theirs <= mine) other += 1;
  }
  return sum;
}

/** Features that no indexed text has match nothing, so they do not take the place of those that may. */
function vectorOf(text: string, idf: Float64Array): Vector {
  const features = featuresOf(text);
  const terms: number[] = [];
  const weights: number[] = [];
  for (let at = 0; at < features.length; ) {
    const term = features[at] ?? 0;
    const from = at;
    while (features[at] === term) at += 1;
    const rarity = idf[term] ?? 0;
    if (rarity === 0) continue;
    terms.push(term);
    weights.push((1 + Math.log(at - from)) * rarity);
  }
  const least = terms.length <= featuresKept ? { bound: 0, equals: 0 } : leastKept(weights, featuresKept);
  const kept = new Uint32Array(Math.min(terms.length, featuresKept));
  const keptWeights = new Float32Array(kept.length);
  let count = 0;
  let squares = 0;
  for (let place = 0; place < terms.length; place += 1) {
    const weight = weights[place] ?? 0;
    if (weight < least.bound || (weight === least.bound && least.equals-- <= 0)) continue;
    kept[count] = terms[place] ?? 0;
    keptWeights[count] = weight;
    squares += weight * weight;
    count += 1;
  }
  const length = Math.sqrt(squares);
  for (let at = 0; at < count; at += 1) keptWeights[at] = (keptWeights[at] ?? 0) / length;
  return { terms: kept, weights: keptWeights };
}

/** The smallest of the `count` largest values, and how many values equal to it are among them: the earlier ones. */
function leastKept(values: readonly number[], count: number): { readonly bound: number; equals: number } {
  const bound = Float64Array.from(values).sort()[values.length - count] ?? 0;
  let above = 0;
  for (const value of values) if (value > bound) above += 1;
  return { bound, equals: count - above };
}

/** The `count` rows of the highest similarity, the highest first; of equals the lower row. */
function best(rows: Iterable<number>, similarityOf: (row: number) => number, count: number): Neighbour[] {
  const kept: Neighbour[] = [];
  let least = -Infinity;
  for (const row of rows) {
    const similarity = similarityOf(row);
    // Nearly all rows end here.
    if (similarity < least) continue;
    const follows = (other: Neighbour | undefined): boolean => other === undefined || other.similarity > similarity || (other.similarity === similarity && other.row < row);
    if (kept.length >= count && follows(kept.at(-1))) continue;
    let at = kept.length;
    while (at > 0 && !follows(kept[at - 1])) at -= 1;
    kept.splice(at, 0, { row, similarity });
    if (kept.length > count) kept.pop();
    if (kept.length === count) least = kept.at(-1)?.similarity ?? least;
  }
  return kept;
}
