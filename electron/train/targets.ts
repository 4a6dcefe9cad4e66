import type { Training } from "../contract/index.js";

/**
 * What a recipe's `targets` stands for, in patterns for trex-train's `lora.targets`: models name their matrices differently
 * (`attn_q`, or `attn_qkv` where they are one), and the trainer knows which there are. null: every matrix of the layers.
 */
export function tensorTargets(targets: Training["targets"]): readonly string[] | null {
  switch (targets) {
    case "attention": return ["attn_*"];
    case "mlp": return ["ffn_*"];
    case "all": return null;
  }
}
