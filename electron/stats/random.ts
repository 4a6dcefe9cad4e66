/**
 * Seeded randomness: the same seed gives the same run. Generator: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled
 * linear pseudorandom number generators", ACM TOMS 47(4), 2021), its state filled by SplitMix32-style mixing so that
 * neighbouring seeds are unrelated. Not for secrets.
 */
const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** One round of a 32-bit finaliser (constants of MurmurHash3): every input bit reaches every output bit. */
function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * A stream of numbers in [0, 1), each with 32 random bits.
 * @param seed a safe integer; all of its bits count
 */
export function createRandom(seed: number): () => number {
  const golden = 0x9e3779b9;
  let counter = mix(seed | 0) ^ mix(Math.floor(seed / 0x1_0000_0000) + golden);
  const next = (): number => mix((counter = (counter + golden) | 0));
  // The all-zero state is the one the generator cannot leave.
  const word = xoshiro128(next(), next(), next(), next() | 1);
  return () => word() / 0x1_0000_0000;
}

/** The generator itself, from a given state; unsigned 32-bit words. */
export function xoshiro128(a: number, b: number, c: number, d: number): () => number {
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** A seed of its own for each use ("node 7, pilot"), so that adding a use never shifts another one's numbers. */
export function deriveSeed(seed: number, ...uses: readonly (string | number)[]): number {
  let state = mix((seed | 0) ^ mix(Math.floor(seed / 0x1_0000_0000)));
  for (const use of uses) {
    for (const character of `${typeof use}:${use};`) state = mix(Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193));
  }
  return state;
}

/** One draw of the standard normal distribution (Box and Muller 1958). */
export function randomNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
