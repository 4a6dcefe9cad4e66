import { useState, type CSSProperties, type KeyboardEvent, type ReactElement } from "react";
import { Badge } from "../../ui/controls.js";
import { formatGain, formatScore, formatSeconds } from "../../ui/format.js";
import { Icon } from "../../ui/icon.js";
import { gridMove } from "./navigation.js";
import { NodeMarkIcons } from "./node-mark-icons.js";
import { marksOf } from "./node-marks.js";
import { nodeState, scoreOf } from "./node-state.js";
import type { TreeViewProps } from "./tree-context.js";
import { depthFirst } from "./tree-index.js";
import { Whisker } from "./whisker.js";
import { axisWords, deciderWords, stageWord } from "./words.js";

/** The tree as an ARIA treegrid: one row an experiment, indented under its parent. */
export function TreeGrid({ context, progress, selectedId, onSelect, onPick, onOpen }: TreeViewProps): ReactElement {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const { index, unit, scale, bestId, bestPath } = context;
  const isOpen = (id: string): boolean => !closed.has(id);
  const rows = depthFirst(index, isOpen);
  const focusable = selectedId !== null && rows.includes(selectedId) ? selectedId : rows[0];
  const setOpen = (id: string, open: boolean): void => {
    const next = new Set(closed);
    if (open) next.delete(id);
    else next.add(id);
    setClosed(next);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTableRowElement>, id: string): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onOpen(id);
      return;
    }
    const move = gridMove(index, isOpen, id, event.key);
    if (move === null) return;
    event.preventDefault();
    if (move.type === "focus") {
      onSelect(move.id);
      event.currentTarget.parentElement?.querySelector<HTMLElement>(`[data-row="${CSS.escape(move.id)}"]`)?.focus();
    } else setOpen(move.id, move.type === "open");
  };
  return (
    <div className="table-scroll tree-list" tabIndex={-1}>
      <table role="treegrid" aria-label="Experiments" aria-readonly="true">
        <thead>
          <tr role="row">
            <th role="columnheader" scope="col">Experiment</th>
            <th role="columnheader" scope="col">Status</th>
            <th role="columnheader" scope="col" className="number">Score</th>
            <th role="columnheader" scope="col" className="grid-whisker">Interval</th>
            <th role="columnheader" scope="col" className="number grid-wide">Vs base</th>
            <th role="columnheader" scope="col" className="grid-extra">Axis</th>
            <th role="columnheader" scope="col" className="grid-extra">Decided by</th>
            <th role="columnheader" scope="col" className="number grid-wide">Cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((id) => {
            const node = index.byId.get(id);
            if (node === undefined) return null;
            const state = nodeState(node);
            const scored = scoreOf(node);
            const hasChildren = index.childrenOf(id).length > 0;
            return (
              <tr
                key={id} role="row" data-row={id} tabIndex={id === focusable ? 0 : -1} aria-level={index.depthOf(id) + 1} aria-selected={id === selectedId}
                aria-expanded={hasChildren ? isOpen(id) : undefined} className={bestPath.has(id) ? "is-on-path" : undefined}
                onClick={() => onPick(id)} onKeyDown={(event) => onKeyDown(event, id)}
              >
                <td role="gridcell" className="grid-name">
                  <span className="grid-indent" style={{ "--depth": index.depthOf(id) } as CSSProperties}>
                    {hasChildren ? <span className={isOpen(id) ? "grid-toggle is-open" : "grid-toggle"} onClick={(event) => { event.stopPropagation(); setOpen(id, !isOpen(id)); }}><Icon name="chevron" size={12} /></span> : <span className="grid-toggle" />}
                    <span>{node.plan.title}</span>
                    <NodeMarkIcons marks={marksOf(node, context.marks)} />
                    {id === bestId ? <span className="node-best" title="Best experiment"><Icon name="star" size={12} /><span className="visually-hidden">Best experiment</span></span> : null}
                  </span>
                </td>
                <td role="gridcell"><Badge tone={state.tone} icon={state.icon} hint={state.hint}>{node.status === "running" ? stageWord(progress[id]?.stage ?? node.stage) : state.label}</Badge></td>
                <td role="gridcell" className="number">{scored === null ? "\u2013" : `${scored.pilotOnly ? "~" : ""}${formatScore(scored.estimate.score, unit)}`}</td>
                <td role="gridcell" className={`grid-whisker tone-${state.tone}`}>{scored === null || scale === null ? null : <Whisker estimate={scored.estimate} scale={scale} />}</td>
                <td role="gridcell" className="number grid-wide">{node.kind === "baseline" ? "\u2013" : formatGain(node.gain?.score ?? null, unit)}</td>
                <td role="gridcell" className="grid-extra">{axisWords[node.axis].label}</td>
                <td role="gridcell" className="grid-extra">{deciderWords[node.decidedBy].label}</td>
                <td role="gridcell" className="number muted grid-wide">{node.cost.totalSeconds > 0 ? formatSeconds(node.cost.totalSeconds) : "\u2013"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
