/**
 * Holm's step-down correction (Holm 1979): p values adjusted so that the chance of any false finding stays at the level.
 * Answers in the order of the input.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((pValue, index) => ({ pValue, index })).sort((left, right) => left.pValue - right.pValue);
  const adjusted = new Array<number>(pValues.length).fill(Number.NaN);
  let largest = 0;
  order.forEach(({ pValue, index }, rank) => {
    largest = Math.max(largest, Math.min(1, pValue * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}
