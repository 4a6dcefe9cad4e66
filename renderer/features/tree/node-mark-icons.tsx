import type { ReactElement } from "react";
import { Icon } from "../../ui/icon.js";
import type { NodeMark } from "./node-marks.js";

export function NodeMarkIcons({ marks }: { readonly marks: readonly NodeMark[] }): ReactElement | null {
  if (marks.length === 0) return null;
  return <span className="node-marks">{marks.map((mark) => <span key={mark.name} className={`node-mark mark-${mark.name}`} title={mark.hint}><Icon name={mark.icon} size={12} /><span className="visually-hidden">{mark.label}</span></span>)}</span>;
}
