/** A linear axis: where a value lies between two pixels, and round values to mark. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

export function createScale(domain: readonly [number, number], range: readonly [number, number], tickCount: number): Scale {
  const [low, high] = domain;
  const span = high - low > 0 ? high - low : 1;
  const step = niceStep(span / tickCount);
  const ticks: number[] = [];
  // Counted, not added up: repeated addition would turn 0.3 into 0.30000000000000004.
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) ticks.push(Number((index * step).toPrecision(12)));
  return { at: (value) => range[0] + ((value - low) / span) * (range[1] - range[0]), ticks };
}

/** The values with a little room around them; rates stay inside 0 and 1. */
export function domainOf(values: readonly number[], isRate: boolean): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max((high - low) * 0.08, isRate ? 0.02 : 1e-3);
  return isRate ? [Math.max(0, low - room), Math.min(1, high + room)] : [low - room, high + room];
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
}
