// What parity.mjs compares with llama.cpp: one entry for each architecture, with what make-model needs for a small one.
// A new architecture is one more entry. K types have blocks of 256 values, so every row is 256 or 512 long.
//
//   pre            the tokenizer's name, any that llama.cpp knows for it
//   dimensions     added to `commonDimensions`
//   longTokens     beyond llama.cpp's default micro-batch of 512 and, where there is a sliding window, beyond the window
//   allowed        {rms, largest} of the F32 logits, where the default of parity.mjs does not hold; say why
export const commonDimensions = {layers: 2, embedding: 256, feedForward: 512, heads: 4, kvHeads: 2, headDim: 64, contextLength: 1024};

export const architectures = [
    {architecture: "llama", pre: "llama-bpe", dimensions: {tieEmbeddings: false, ropeBase: 500000, rmsEpsilon: 1e-5}},
    {architecture: "qwen2", pre: "qwen2", dimensions: {tieEmbeddings: true, ropeBase: 1000000, rmsEpsilon: 1e-6}},
    {architecture: "qwen3", pre: "qwen2", dimensions: {headDim: 128, tieEmbeddings: false, ropeBase: 10000, rmsEpsilon: 1e-6}}
];

// As merge's "type"; F32 is always compared.
export const quantisedTypes = [
    "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4", "Q4_K_M"
];
