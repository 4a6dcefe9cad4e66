import { useState, type ReactElement } from "react";
import type { Plan, TreeNode } from "../../contract.js";
import { Badge, Button, Hint } from "../../ui/controls.js";
import { diffRecipes, type DiffRow } from "./config-diff.js";

const byWords: Readonly<Record<Plan["numbers"][string]["by"], string>> = {
  default: "default", optimiser: "optimiser", "language-model": "language model", repair: "repair", user: "you",
};

/** The recipe beside its parent's. Changes first; everything else on request. */
export function ConfigTable({ parent, node }: { readonly parent: TreeNode | null; readonly node: TreeNode }): ReactElement {
  const [all, setAll] = useState(false);
  const rows = diffRecipes(parent?.recipe ?? null, node.recipe, node.plan.numbers);
  const changed = rows.filter((row) => row.change !== "same");
  const same = rows.length - changed.length;
  const shown = all || parent === null ? rows : changed;
  const firstTraining = parent !== null && parent.recipe.training === null && node.recipe.training !== null;
  return (
    <>
      {parent === null ? <p className="muted">The first of its line: there is no parent to differ from.</p> : changed.length === 0 ? <p className="muted">The recipe is the same as its parent’s.</p> : firstTraining ? <p className="muted">Its parent is not trained; every training setting is new.</p> : null}
      {shown.length === 0 ? null : (
        <table className="config-table">
          <thead><tr><th scope="col">Setting</th>{parent === null || firstTraining ? null : <th scope="col">Parent</th>}<th scope="col">Here</th></tr></thead>
          <tbody>{shown.map((row) => <Row key={row.key} row={row} withParent={parent !== null && !firstTraining} />)}</tbody>
        </table>
      )}
      {parent === null || same === 0 ? null : <Button look="quiet" onClick={() => setAll(!all)}>{all ? "Show changes only" : `Show ${same} unchanged ${same === 1 ? "setting" : "settings"}`}</Button>}
    </>
  );
}

function Row({ row, withParent }: { readonly row: DiffRow; readonly withParent: boolean }): ReactElement {
  return (
    <tr className={`config-${row.change}`}>
      <th scope="row"><Hint text={row.hint}>{row.label}</Hint></th>
      {withParent ? <td className="config-before"><Value text={row.before ?? "none"} /></td> : null}
      <td className="config-after"><Value text={row.after ?? "none"} />{row.by === null || row.change === "same" ? null : <> <Badge tone="quiet" hint="Who set this number">{byWords[row.by]}</Badge></>}</td>
    </tr>
  );
}

const longestInline = 120;

/** A system prompt can be pages long: it is folded to its first words. */
function Value({ text }: { readonly text: string }): ReactElement {
  if (text.length <= longestInline) return <>{text}</>;
  return <details className="config-long"><summary>{`${text.slice(0, 60).trimEnd()}…`}</summary><p>{text}</p></details>;
}
