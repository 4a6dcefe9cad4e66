import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, type ReactElement } from "react";
import UPlot from "uplot";
import { useThemeName } from "./use-theme-name.js";

interface PlotProps {
  readonly data: UPlot.AlignedData;
  /** Called with the page's colours whenever the plot is drawn anew. */
  readonly options: (color: (name: string) => string) => Omit<UPlot.Options, "width" | "height">;
  readonly height: number;
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
}

/** uPlot in a box: as wide as its place, in the page's colours, rebuilt only when its options or the theme change. */
export function Plot({ data, options, height, label }: PlotProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef(data);
  const theme = useThemeName();

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const created = new UPlot({ ...options(color), width: element.clientWidth, height }, latest.current, element);
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [options, height, theme]);

  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  }, [data]);

  return <div className="plot" ref={box} role="img" aria-label={label} style={{ height }} />;
}
