import { useReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useRef, type RefObject } from "react";
import type { TreeLayout } from "./layout.js";
import { fitViewport, revealViewport } from "./viewport.js";

export interface TreeViewport {
  /** Belongs on the element the tree is drawn in. */
  readonly box: RefObject<HTMLDivElement | null>;
  readonly fit: () => void;
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  /** The user has moved the tree: from now on it stays where they put it, until they ask for a fit. */
  readonly takeOver: () => void;
}

/** Keeps the tree in sight as it grows, as the window changes and as the selection moves. */
export function useTreeViewport(layout: TreeLayout, selectedId: string | null): TreeViewport {
  const flow = useReactFlow();
  const box = useRef<HTMLDivElement>(null);
  const takenOver = useRef(false);
  const latest = useRef({ layout, selectedId });
  useEffect(() => {
    latest.current = { layout, selectedId };
  });

  const refit = useCallback((whole: boolean): void => {
    const element = box.current;
    const { layout: current, selectedId: selected } = latest.current;
    if (element === null || element.clientWidth === 0 || current.placed.length === 0) return;
    const center = current.placed.find((place) => place.id === selected);
    void flow.setViewport(fitViewport(current, center, { width: element.clientWidth, height: element.clientHeight }, whole));
  }, [flow]);

  useEffect(() => {
    if (!takenOver.current) refit(false);
  }, [layout, refit]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (!takenOver.current) refit(false);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [refit]);

  useEffect(() => {
    const element = box.current;
    const place = latest.current.layout.placed.find((candidate) => candidate.id === selectedId);
    if (element === null || place === undefined) return;
    void flow.setViewport(revealViewport(place, flow.getViewport(), { width: element.clientWidth, height: element.clientHeight }));
  }, [selectedId, flow]);

  return {
    box,
    fit: () => {
      takenOver.current = false;
      refit(true);
    },
    zoomIn: () => {
      takenOver.current = true;
      void flow.zoomIn();
    },
    zoomOut: () => {
      takenOver.current = true;
      void flow.zoomOut();
    },
    takeOver: () => {
      takenOver.current = true;
    },
  };
}
