import { useEffect, useState } from "react";

/**
 * An element's inner width in CSS pixels (without padding), kept up to date. The element is held as state and not as a
 * ref, because it may come and go while the component stays: an empty state has no box to measure.
 */
export function useWidth(): readonly [(element: HTMLElement | null) => void, number] {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(entry.contentRect.width);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}
