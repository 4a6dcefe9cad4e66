import type UPlot from "uplot";

type Color = (name: string) => string;
const font = '11.5px "Inter", ui-sans-serif, system-ui, sans-serif';

/** The house's axes: quiet grid, small labels, no boxes. */
export function plotAxis(color: Color, format: (value: number) => string, size: number, grid: boolean): UPlot.Axis {
  return {
    stroke: color("--text-3"), font, size, gap: 4,
    grid: { show: grid, stroke: color("--line"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map(format),
  };
}
