import { createRandom } from "../stats/index.js";

/** `count` different places of `0 … size - 1`, drawn evenly, in rising order. The same seed draws the same places. */
export function drawPlaces(size: number, count: number, seed: number): number[] {
  return shufflePlaces(size, seed).slice(0, count).sort((left, right) => left - right);
}

/** All places in random order (Fisher and Yates). */
export function shufflePlaces(size: number, seed: number): number[] {
  const random = createRandom(seed);
  const places = Array.from({ length: size }, (_, place) => place);
  for (let last = size - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [places[last], places[other]] = [places[other] ?? 0, places[last] ?? 0];
  }
  return places;
}
