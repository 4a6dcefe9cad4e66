import path from "node:path";
import type { RunView } from "../../contract/index.js";
import { html, type Html } from "./html.js";
import { shellWord } from "../shell.js";
import { shotsText } from "./report-tree.js";
import { slugOf } from "../slug.js";

/** What was delivered, where it lies and what to type to use it. */
export function runItSection(view: RunView): Html | null {
  const { delivery, requirement } = view;
  if (delivery === null || requirement === null) return null;
  const node = view.nodes.find((candidate) => candidate.id === delivery.nodeId);
  const model = shellWord(requirement.modelPath);
  const exported = (kind: string): string => `trex export ${shellWord(view.runId)} --as ${kind} --out ${slugOf(requirement.modelName)}-${kind}`;
  const name = `${slugOf(requirement.modelName)}-${slugOf(view.runId)}`;
  const system = node?.recipe.prompt.system ?? null;
  const shots = node?.recipe.prompt.fewShot ?? 0;
  const chosen = node === undefined ? "" : shotsText(node.recipe.prompt);
  const ollama = html`<h3>Ollama</h3><pre>${exported("ollama")}
cd ${slugOf(requirement.modelName)}-ollama
ollama create ${name} -f Modelfile
ollama run ${name}</pre>`;
  const prompt = html`${system === null ? null : html`<h3>System prompt it was scored with</h3><pre>${system}</pre>`}${shots === 0 ? null : html`<p>Before each question stood ${shots} worked examples from the training rows${chosen}; put some of yours there.</p>`}`;
  if (delivery.kind === "prompt") {
    return html`<section><h2>What was delivered, and how to use it</h2><p>${delivery.reason}</p>${prompt}
<h3>llama.cpp</h3><pre>llama-cli -m ${model} --jinja --temp 0</pre>${ollama}<h3>LM Studio</h3><pre>${exported("lmstudio")}</pre><p>Then import the preset that it holds, and choose it in a chat with the base model.</p></section>`;
  }
  if (delivery.adapterPath === null) {
    return html`<section><h2>What was delivered, and how to run it</h2><p>${delivery.reason}</p><h3>llama.cpp</h3><pre>llama-cli -m ${model} --jinja --temp 0</pre>${prompt}</section>`;
  }
  return html`<section><h2>What was delivered, and how to run it</h2><p>${delivery.reason}</p>
<dl class="pairs"><dt>Adapter</dt><dd><code>${delivery.adapterPath}</code></dd><dt>SHA-256</dt><dd><code>${node?.adapterSha256 ?? ""}</code></dd><dt>Base model</dt><dd><code>${requirement.modelPath}</code></dd><dt>Made by</dt><dd>${delivery.nodeId}${node === undefined ? null : html`, ${node.plan.title}`}</dd></dl>
<h3>llama.cpp</h3><pre>llama-cli -m ${model} --lora ${shellWord(delivery.adapterPath)} --jinja --temp 0</pre>
${ollama}
<h3>LM Studio</h3><pre>${exported("lmstudio")}</pre><p>Then copy the folder <code>trex</code> in it into LM Studio's models folder (shown at the top of My Models).</p>
<h3>One whole GGUF file for anything else</h3><pre>${exported("merged")}</pre>${prompt}
<p class="soft">${path.basename(delivery.adapterPath)} works with exactly this base model; with another file of the same name its answers mean nothing.</p></section>`;
}
