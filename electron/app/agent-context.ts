import { ok, type Models, type Result } from "../contract/index.js";

/** Tokens an agent's context is filled up to: more costs memory beside the model and seconds at every turn. */
const mostTokens = 8192;

/**
 * Context of a model that is to think, in tokens. One that this app cannot fine-tune may think all the same, as long as
 * llama.cpp runs it; a file that is no model at all is refused as everywhere.
 */
export async function agentContext(models: Models, modelPath: string, signal: AbortSignal): Promise<Result<number>> {
  const inspected = await models.inspect(modelPath, signal);
  if (inspected.ok) return ok(Math.min(mostTokens, inspected.value.contextLength));
  return inspected.error.code === "model.unsupported" ? ok(mostTokens) : inspected;
}
