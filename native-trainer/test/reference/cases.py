"""The tiny models that are compared: what their GGUF file would hold, and by which rule each tensor is filled.

Windows, original contexts and soft-caps are far smaller than in published models, so that a document of twenty tokens
crosses all of them.
"""
VOCAB = 64
SEED = 11

# Dimensions shared by all; a case overrides what its architecture needs.
DIMENSIONS = {
    "block_count": 2,
    "embedding_length": 32,
    "feed_forward_length": 48,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
    "attention.key_length": 8,
    "context_length": 128,
    "attention.layer_norm_rms_epsilon": 1e-5,
    "rope.freq_base": 10000.0,
}

# name: (architecture, metadata, {"tied", "bias", "rope_freqs", "rope_factors"})
CASES = {
    "llama": ("llama", {}, {"rope_freqs"}),
    "llama-linear": ("llama", {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}, {"tied", "bias"}),
    "mistral3": ("mistral3", {
        "rope.freq_base": 1000.0, "rope.scaling.type": "yarn", "rope.scaling.factor": 8.0,
        "rope.scaling.original_context_length": 8, "rope.scaling.yarn_beta_fast": 1.0,
        "rope.scaling.yarn_beta_slow": 0.0625, "rope.scaling.yarn_log_multiplier": 0.5,
        "attention.temperature_scale": 0.5}, set()),
    "smollm3": ("smollm3", {"block_count": 4}, {"tied"}),
    "qwen2": ("qwen2", {"rope.freq_base": 1000000.0}, {"tied", "bias"}),
    "qwen3": ("qwen3", {"attention.key_length": 12}, set()),
    "gemma2": ("gemma2", {
        "attention.key_length": 12, "attention.sliding_window": 5, "attn_logit_softcapping": 2.0,
        "final_logit_softcapping": 4.0}, {"tied"}),
    "gemma3": ("gemma3", {
        "block_count": 6, "attention.key_length": 12, "attention.sliding_window": 5, "rope.freq_base": 1000000.0,
        "rope.freq_base_swa": 100.0, "rope.scaling.type": "linear", "rope.scaling.factor": 8.0}, {"tied"}),
    "phi3": ("phi3", {
        "rope.dimension_count": 6, "rope.scaling.original_context_length": 512, "rope.scaling.attn_factor": 1.25},
        {"rope_factors"}),
    "phi3-long": ("phi3", {
        "rope.dimension_count": 6, "rope.scaling.original_context_length": 8, "rope.scaling.attn_factor": 1.25},
        {"rope_factors"}),
    "qwen3moe": ("qwen3moe", {
        "attention.key_length": 12, "expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 24}, set()),
}

LORA = {"rank": 2, "alpha": 3.0}
OPTIMIZER = {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.1, "clipNorm": 0.5,
             "schedule": "cosine", "warmupFraction": 0.2, "finalFraction": 0.1}
FULL_OPTIMIZER = {**OPTIMIZER, "learningRate": 0.004}
STEPS = 10
DOCUMENTS_PER_STEP = 3  # step s (from 0) takes the documents 3 s, 3 s + 1, 3 s + 2, counted around the six

# Tokens of a document and the half-open ranges of positions whose prediction counts.
DOCUMENT_SHAPES = [(7, [[1, 7]]), (21, [[3, 9], [14, 21]]), (12, [[6, 12]]),
                   (18, [[0, 18]]), (4, [[3, 4]]), (24, [[10, 24]])]

# Prompt and completion lengths of the chosen and the rejected answer of each preference pair.
PAIR_SHAPES = [(6, 9, 5), (11, 4, 10), (3, 12, 12)]
PREFERENCE_CASES = ("llama", "gemma2")
DPO = {"beta": 0.5}
ORPO = {"lambda": 0.25}


def metadata_of(name):
    """Keys without the architecture's prefix, in the types of the file: int is u32, float f32, str text."""
    metadata = {**DIMENSIONS, **CASES[name][1]}
    return {**metadata, "attention.value_length": metadata["attention.key_length"]}


def tensors_of(name):
    """[{name, shape (outermost first, as in PyTorch), centre, spread}] of a case."""
    architecture, _, traits = CASES[name]
    m = metadata_of(name)
    width, inner, layers = m["embedding_length"], m["feed_forward_length"], m["block_count"]
    q = m["attention.head_count"] * m["attention.key_length"]
    kv = m["attention.head_count_kv"] * m["attention.key_length"]
    tensors = []

    def matrix(tensor, *shape, spread=0.25):
        tensors.append({"name": tensor + ".weight", "shape": list(shape), "centre": 0.0, "spread": spread})

    def norm(tensor, length):
        tensors.append({"name": tensor + ".weight", "shape": [length], "centre": 1.0, "spread": 0.5})

    matrix("token_embd", VOCAB, width)
    for layer in range(layers):
        p = f"blk.{layer}."
        norm(p + "attn_norm", width)
        if architecture == "phi3":
            matrix(p + "attn_qkv", q + 2 * kv, width)
        else:
            for projection, out in (("attn_q", q), ("attn_k", kv), ("attn_v", kv)):
                matrix(p + projection, out, width)
                if "bias" in traits:
                    tensors.append({"name": p + projection + ".bias", "shape": [out], "centre": 0.0, "spread": 0.5})
        if architecture in ("qwen3", "qwen3moe", "gemma3"):
            norm(p + "attn_q_norm", m["attention.key_length"])
            norm(p + "attn_k_norm", m["attention.key_length"])
        matrix(p + "attn_output", width, q)
        if architecture in ("gemma2", "gemma3"):
            norm(p + "post_attention_norm", width)
        norm(p + "ffn_norm", width)
        if architecture == "qwen3moe":
            experts, expert_inner = m["expert_count"], m["expert_feed_forward_length"]
            matrix(p + "ffn_gate_inp", experts, width, spread=1.0)
            matrix(p + "ffn_gate_exps", experts, expert_inner, width)
            matrix(p + "ffn_up_exps", experts, expert_inner, width)
            matrix(p + "ffn_down_exps", experts, width, expert_inner)
        elif architecture == "phi3":
            matrix(p + "ffn_up", 2 * inner, width)
            matrix(p + "ffn_down", width, inner)
        else:
            matrix(p + "ffn_gate", inner, width)
            matrix(p + "ffn_up", inner, width)
            matrix(p + "ffn_down", width, inner)
        if architecture in ("gemma2", "gemma3"):
            norm(p + "post_ffw_norm", width)
    norm("output_norm", width)
    if "tied" not in traits:
        matrix("output", VOCAB, width)
    pairs = m.get("rope.dimension_count", m["attention.key_length"]) // 2
    if "rope_freqs" in traits:
        tensors.append({"name": "rope_freqs.weight", "shape": [pairs], "centre": 2.0, "spread": 1.0})
    if "rope_factors" in traits:
        tensors.append({"name": "rope_factors_long.weight", "shape": [pairs], "centre": 4.0, "spread": 2.0})
        tensors.append({"name": "rope_factors_short.weight", "shape": [pairs], "centre": 1.25, "spread": 0.25})
    return tensors


# What an adapter changes: the matrices inside the layers. The router of a mixture of experts is left alone.
def is_lora_target(tensor_name):
    return tensor_name.startswith("blk.") and tensor_name.endswith(".weight") and "_norm" not in tensor_name \
        and "ffn_gate_inp" not in tensor_name
