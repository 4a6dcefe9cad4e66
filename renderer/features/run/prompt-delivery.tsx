import type { ReactElement } from "react";
import type { TreeNode } from "../../contract.js";
import { CopyText } from "../../ui/copy-path.js";
import { formatNumber } from "../../ui/format.js";
import { shotWords } from "../tree/words.js";

/** The prompt that is delivered instead of an adapter: to be put before the base model as it is. */
export function PromptDelivery({ node }: { readonly node: TreeNode }): ReactElement {
  const { system, fewShot, shotSelection } = node.recipe.prompt;
  return (
    <div className="result-delivery">
      <h3>The prompt</h3>
      {system === null ? <p className="muted">No system prompt of its own: each row keeps the one it came with.</p> : <div className="prompt-text"><CopyText text={system} label="the system prompt" /></div>}
      {fewShot === 0 ? null : <p className="muted">{`With ${formatNumber(fewShot)} worked ${fewShot === 1 ? "example" : "examples"} from the training rows before each question: ${shotWords[shotSelection]}.`}</p>}
      <p className="muted">Use it with the base model as it is; nothing was trained.</p>
    </div>
  );
}
