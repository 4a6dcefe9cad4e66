import "@xyflow/react/dist/base.css";
import { Handle, Position, ReactFlow, ReactFlowProvider, type Edge, type Node, type NodeProps } from "@xyflow/react";
import { createContext, memo, useContext, useMemo, type KeyboardEvent, type ReactElement } from "react";
import { Icon } from "../../ui/icon.js";
import { cardSize, layoutTree, type TreeLayout } from "./layout.js";
import { neighbourOf } from "./navigation.js";
import { NodeCard } from "./node-card.js";
import type { TreeViewProps } from "./tree-context.js";
import { useTreeViewport } from "./use-tree-viewport.js";
import { leastZoom } from "./viewport.js";

type CardNode = Node<Record<string, never>, "card">;
const CanvasContext = createContext<TreeViewProps | null>(null);
const nodeTypes = { card: memo(CardNodeView) };

/** The drawn tree. React Flow pans, zooms and draws edges; focus, selection and arrow keys are ours. */
export default function TreeCanvas(props: TreeViewProps): ReactElement {
  return (
    <CanvasContext value={props}>
      <ReactFlowProvider>
        <Canvas {...props} />
      </ReactFlowProvider>
    </CanvasContext>
  );
}

function Canvas({ context, selectedId, onSelect, onOpen }: TreeViewProps): ReactElement {
  const layout = useMemo(() => layoutTree(context.index), [context.index]);
  const nodes = useMemo(() => layout.placed.map((place): CardNode => ({ id: place.id, type: "card", position: { x: place.x, y: place.y }, data: {}, width: cardSize.width, height: cardSize.height })), [layout]);
  const edges = useMemo(() => edgesOf(layout, context), [layout, context]);
  const { box, ...viewport } = useTreeViewport(layout, selectedId);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (selectedId === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onOpen(selectedId);
      return;
    }
    const target = neighbourOf(context.index, selectedId, event.key);
    if (target === null) return;
    event.preventDefault();
    onSelect(target);
    box.current?.querySelector<HTMLElement>(`[data-card="${CSS.escape(target)}"]`)?.focus({ preventScroll: true });
  };

  return (
    <div className="tree-canvas" ref={box}>
      <div className="tree-keys" role="group" aria-label="Tree of experiments. Arrow keys move, Enter opens the details." onKeyDown={onKeyDown}>
        <ReactFlow
          nodes={nodes} edges={edges} nodeTypes={nodeTypes}
          nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} disableKeyboardA11y
          minZoom={leastZoom} maxZoom={1.6} zoomOnScroll={false} panOnScroll={false} preventScrolling={false} zoomOnDoubleClick={false}
          onMoveStart={(event) => { if (event !== null) viewport.takeOver(); }}
          proOptions={{ hideAttribution: true }}
        />
      </div>
      <div className="tree-tools" role="group" aria-label="Zoom">
        <button type="button" className="icon-button" aria-label="Zoom in" title="Zoom in" onClick={viewport.zoomIn}><Icon name="plus" /></button>
        <button type="button" className="icon-button" aria-label="Zoom out" title="Zoom out" onClick={viewport.zoomOut}><Icon name="minus" /></button>
        <button type="button" className="icon-button" aria-label="Fit the whole tree" title="Fit the whole tree" onClick={viewport.fit}><Icon name="fit" /></button>
      </div>
    </div>
  );
}

function CardNodeView({ id }: NodeProps<CardNode>): ReactElement | null {
  const props = useContext(CanvasContext);
  const node = props?.context.index.byId.get(id);
  if (props === null || node === undefined) return null;
  const selected = props.selectedId === id;
  return (
    <>
      <Handle type="target" position={Position.Left} className="tree-handle" />
      <button type="button" className="node-button nopan" data-card={id} aria-pressed={selected} tabIndex={selected || (props.selectedId === null && props.context.index.roots[0] === id) ? 0 : -1} onClick={() => props.onPick(id)}>
        <NodeCard node={node} context={props.context} progress={props.progress[id]} selected={selected} />
      </button>
      <Handle type="source" position={Position.Right} className="tree-handle" />
    </>
  );
}

function edgesOf(layout: TreeLayout, context: TreeViewProps["context"]): Edge[] {
  return layout.placed.flatMap(({ id }) => {
    const parent = context.index.byId.get(id)?.parent ?? null;
    if (parent === null || !context.index.byId.has(parent)) return [];
    return [{ id: `${parent}>${id}`, source: parent, target: id, type: "default", className: context.bestPath.has(id) ? "tree-edge is-on-path" : "tree-edge", zIndex: context.bestPath.has(id) ? 1 : 0 }];
  });
}
