// What parity.mjs compares with llama.cpp: one entry for each architecture, with what make-model needs for a small one.
// A new architecture is one more entry. K types have blocks of 256 values, so every row is 256 or 512 long.
//
//   pre            the tokenizer's name, any that llama.cpp knows for it
//   name           what it is called in the table; the architecture unless it is a variant
//   dimensions     added to `commonDimensions`
//   make           further fields of make-model
//   f32Only        a variant whose types need no comparison of their own
//   longTokens     beyond llama.cpp's default micro-batch of 512 and, where there is a sliding window, beyond the window
//   targets        of the adapters; what is adapted without being named, where it is absent
//   loose          {rms, largest} of the quantised logits against llama.cpp's, where the default does not hold; say why
//   roundingGain   how much more llama.cpp's rounded activations may show than parity.mjs allows otherwise; say why
//   allowed        {rms, largest} of the F32 logits, where the default of parity.mjs does not hold; say why
export const commonDimensions = {layers: 2, embedding: 256, feedForward: 512, heads: 4, kvHeads: 2, headDim: 64, contextLength: 1024};

// llama.cpp looks GELU up in a table of half-precision numbers (GGML_GELU_FP16); we compute it. A relative 5e-4 on every
// activation is what the table allows; measured is less.
const geluTable = {rms: 1e-3, largest: 2e-3};
// The router's choice is no continuous function. On equal weights both sides' logits differ by 1e-7 of their size, and no
// token of these texts has two experts that close at the border of its choice (one that had would differ by far more than
// is allowed). But where llama.cpp rounds activations to eight bits, some tokens near the border go to another expert, and
// their logits are others altogether: only the mean over all tokens says something then.
const otherExperts = {rms: 0.1, largest: 1};
const window = {"attention.sliding_window": 64, "attention.sliding_window_pattern": 3};

// Windowed and full layers take turns. Factors so large that they stop the rotation stand for a share of the dimensions.
const turns = (layers, windowed, full) => Array.from({length: layers}, (_, layer) => (layer % 2 === 0 ? windowed : full));
const gemma4Layers = (layers) => ({
    "attention.sliding_window": 64, "attention.sliding_window_pattern": turns(layers, 1, 0), "attention.head_count": turns(layers, 8, 4),
    "attention.head_count_kv": turns(layers, 2, 1), "attention.key_length_swa": 32, "attention.value_length_swa": 32,
    "rope.dimension_count_swa": 32, "rope.freq_base_swa": 10000
});
const proportional = (pairs) => Array.from({length: pairs}, (_, index) => (index < pairs / 4 ? 1 : 1e30));

// Four layers instead of two: the same rounding, summed over twice as many.
const deeper = {rms: 2e-6, largest: 8e-6};

const list = [
    {architecture: "llama", pre: "llama-bpe", dimensions: {tieEmbeddings: false, ropeBase: 500000, rmsEpsilon: 1e-5},
        make: {ropeFactors: Array.from({length: 32}, (_, index) => (index < 16 ? 1 : index < 24 ? 3 : 8))}}, // Llama 3.x
    {name: "llama, biases, linear rope", f32Only: true, architecture: "llama", pre: "llama-bpe", dimensions: {rmsEpsilon: 1e-5},
        make: {biases: ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"],
            metadata: {"rope.scaling.type": "linear", "rope.scaling.factor": 4}}},
    {architecture: "mistral3", pre: "llama-bpe", dimensions: {tieEmbeddings: false, ropeBase: 1000000, rmsEpsilon: 1e-5},
        make: {metadata: {"attention.temperature_scale": 0.1, "rope.scaling.type": "yarn", "rope.scaling.factor": 16,
            "rope.scaling.original_context_length": 128, "rope.scaling.yarn_beta_fast": 32, "rope.scaling.yarn_beta_slow": 1,
            "rope.scaling.yarn_log_multiplier": 0.5}}},
    {architecture: "smollm3", pre: "llama-bpe", dimensions: {layers: 4, ropeBase: 2000000, rmsEpsilon: 1e-6}, allowed: deeper},
    {architecture: "qwen2", pre: "qwen2", dimensions: {tieEmbeddings: true, ropeBase: 1000000, rmsEpsilon: 1e-6}},
    {architecture: "qwen3", pre: "qwen2", dimensions: {headDim: 128, tieEmbeddings: false, ropeBase: 10000, rmsEpsilon: 1e-6}},
    {name: "qwen3, YaRN", f32Only: true, architecture: "qwen3", pre: "qwen2", dimensions: {headDim: 128, ropeBase: 1000000},
        make: {metadata: {"rope.scaling.type": "yarn", "rope.scaling.factor": 4, "rope.scaling.original_context_length": 256}}},
    {architecture: "gemma2", pre: "qwen2", dimensions: {layers: 3, headDim: 128, rmsEpsilon: 1e-6}, allowed: geluTable,
        make: {metadata: {"attention.sliding_window": 64, "attn_logit_softcapping": 5, "final_logit_softcapping": 4}}},
    {architecture: "gemma3", pre: "qwen2", dimensions: {layers: 4, headDim: 128, ropeBase: 1000000, rmsEpsilon: 1e-6}, allowed: geluTable,
        make: {metadata: {...window, "rope.freq_base_swa": 10000, "rope.scaling.type": "linear", "rope.scaling.factor": 8}}},
    // As E2B and E4B: the last layers read keys and values of earlier ones, full layers have larger heads of which a quarter
    // is rotated, and one has no attn_v. Attention without a scale is sharp here and passes rounding on enlarged, six times.
    {architecture: "gemma4", pre: "qwen2", dimensions: {layers: 6, headDim: 64, ropeBase: 1000000, rmsEpsilon: 1e-4}, allowed: geluTable, roundingGain: 2,
        mixedRanks: {"blk.0.attn_q": 1, "blk.2.attn_v": 6, "blk.3.attn_k": 5, "blk.4.attn_output": 3, "blk.5.inp_gate": 16, "blk.1.proj": 32},
        make: {ropeFactors: proportional(32), valuesFromKeys: [3], outputScales: [0.7, 1.2, 0.9, 1.1, 0.8, 0.6],
            metadata: {...gemma4Layers(6), "feed_forward_length": [512, 512, 512, 512, 1024, 1024], "attention.shared_kv_layers": 2,
                "embedding_length_per_layer_input": 256, "final_logit_softcapping": 4}}},
    {name: "gemma4, plain", f32Only: true, architecture: "gemma4", pre: "qwen2", allowed: geluTable,
        dimensions: {layers: 4, headDim: 64, ropeBase: 1000000, rmsEpsilon: 1e-4, tieEmbeddings: false},
        make: {ropeFactors: proportional(32), valuesFromKeys: [1, 3], metadata: {...gemma4Layers(4), "embedding_length_per_layer_input": 0}}},
    {architecture: "phi3", pre: "qwen2", dimensions: {tieEmbeddings: false, ropeBase: 10000, rmsEpsilon: 1e-5},
        mixedRanks: {"blk.0.attn_qkv": 1, "blk.0.attn_output": 3, "blk.1.ffn_down": 16, "blk.1.ffn_up": 32},
        make: {ropeFactors: Array.from({length: 24}, (_, index) => 1 + index / 10), longRopeFactors: Array.from({length: 24}, (_, index) => 1 + index),
            metadata: {"rope.dimension_count": 48, "rope.scaling.attn_factor": 1.19, "rope.scaling.original_context_length": 256}}},
    {architecture: "qwen3moe", pre: "qwen2", dimensions: {headDim: 128, tieEmbeddings: false, ropeBase: 1000000, rmsEpsilon: 1e-6},
        targets: ["*"], loose: otherExperts,
        mixedRanks: {"blk.0.attn_q": 1, "blk.0.attn_v": 6, "blk.0.ffn_gate_exps": 3, "blk.1.ffn_down_exps": 16, "blk.1.ffn_up_exps": 32},
        make: {metadata: {expert_count: 6, expert_used_count: 2, expert_feed_forward_length: 256}}},
    {architecture: "qwen35", pre: "qwen35", dimensions: {layers: 4, ropeBase: 10000000, rmsEpsilon: 1e-6},
        mixedRanks: {"blk.0.attn_qkv": 1, "blk.0.attn_gate": 6, "blk.1.ssm_beta": 2, "blk.2.ssm_alpha": 3, "blk.2.ssm_out": 5, "blk.3.attn_q": 7},
        make: {metadata: {"rope.dimension_count": 32, "rope.dimension_sections": [6, 5, 5, 0], "ssm.conv_kernel": 4, "ssm.state_size": 64,
            "ssm.group_count": 2, "ssm.time_step_rank": 4, "ssm.inner_size": 256}}}
];
export const architectures = list.map((entry) => ({name: entry.architecture, ...entry}));

// As merge's "type"; F32 is always compared.
export const quantisedTypes = [
    "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4", "Q4_K_M"
];
