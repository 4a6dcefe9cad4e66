import type { Training } from "../contract/index.js";

const attention = ["attn_q", "attn_k", "attn_v", "attn_output"] as const;
const mlp = ["ffn_gate", "ffn_up", "ffn_down"] as const;

/** GGUF tensor names (without block prefix) a recipe's `targets` stands for. */
export function tensorTargets(targets: Training["targets"]): readonly string[] {
  switch (targets) {
    case "attention": return attention;
    case "mlp": return mlp;
    case "all": return [...attention, ...mlp];
  }
}
