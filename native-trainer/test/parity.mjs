// Trains small models with trex-train and compares its log-likelihoods with what llama.cpp, through the pinned
// node-llama-cpp, says about the same file: three architectures, with and without an adapter, at two scales, with ranks
// and scales that differ between the adapter's tensors, and with a PiSSA adapter on the original base.
// Everything is F32, because llama.cpp rounds activations to eight bits before a product with quantised weights.
// Run by ctest as: node parity.mjs PROGRAM
import {execFileSync} from "node:child_process";
import {mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [program] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "trex-parity-"));
const at = (name) => join(folder, name);
const tolerance = 1e-4; // of a natural-log probability; the measured difference is printed
let failures = 0;

function trex(command, request) {
    try {
        const lines = execFileSync(program, [command, "-"], {input: JSON.stringify(request), encoding: "utf8"}).trim().split("\n");
        return lines.map((line) => JSON.parse(line));
    } catch (error) {
        throw new Error(`trex-train ${command} failed: ${error.stdout?.slice(-500)}`);
    }
}

// A small generator, so that the documents are the same on every machine.
function randomNumbers(seed) {
    let state = seed;
    return (below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
}

const vocabulary = 80;
const tokenizer = {
    model: "gpt2",
    tokens: [...Array.from({length: vocabulary - 3}, (_, index) => String.fromCodePoint(256 + index)), "<s>", "</s>", "<pad>"],
    merges: [],
    tokenTypes: Array.from({length: vocabulary}, (_, index) => (index < vocabulary - 3 ? 1 : 3)),
    bosTokenId: vocabulary - 3, eosTokenId: vocabulary - 2, padTokenId: vocabulary - 1,
    addBosToken: false, addEosToken: false
};

// Arithmetic progressions: learnable within a few steps, so that trained weights are far from random ones.
function documents(count, seed) {
    const random = randomNumbers(seed);
    return Array.from({length: count}, () => {
        const start = random(vocabulary), stride = 1 + random(3), length = 8 + random(90);
        return Array.from({length}, (_, index) => (start + index * stride) % vocabulary);
    });
}

const architectures = [
    {architecture: "llama", pre: "llama-bpe", headDim: 16, tieEmbeddings: false, ropeBase: 500000, rmsEpsilon: 1e-5},
    {architecture: "qwen2", pre: "qwen2", headDim: 16, tieEmbeddings: true, ropeBase: 1000000, rmsEpsilon: 1e-6},
    {architecture: "qwen3", pre: "qwen2", headDim: 32, tieEmbeddings: false, ropeBase: 10000, rmsEpsilon: 1e-6}
];

function trainedModel({architecture, pre, ...shape}) {
    const fresh = at(`${architecture}.gguf`);
    trex("make-model", {
        out: fresh, architecture, tokenizer: {...tokenizer, pre}, type: "F32", seed: 5, initStd: 0.15, chatTemplate: null,
        name: architecture,
        dimensions: {layers: 3, embedding: 64, feedForward: 160, heads: 4, kvHeads: 2, contextLength: 256, ...shape}
    });
    // Training every weight for a while gives norms and biases values other than 1 and 0.
    const common = {data: at("train.jsonl"), batch: {tokensPerStep: 1024, maxSequenceTokens: 128}, checkpointEverySteps: 0};
    trex("train", {
        ...common, model: fresh, outDir: at(`${architecture}-full`), method: "full", steps: 25, output: {type: "F32"},
        optimizer: {learningRate: 0.01}
    });
    const model = at(`${architecture}-full/model.gguf`);
    const adapter = (name, lora) => {
        const outDir = at(`${architecture}-${name}`);
        trex("train", {
            ...common, model, outDir, steps: 10, data: at("other.jsonl"), lora: {rank: 4, alpha: 12, ...lora}, optimizer: {learningRate: 0.01}
        });
        return `${outDir}/adapter.gguf`;
    };
    return {
        model, adapter: adapter("lora", {}),
        mixed: adapter("mixed", {ranks: {"blk.0.attn_q": 1, "blk.0.attn_v": 6, "blk.1.attn_output": 3, "blk.1.ffn_down": 16, "blk.2.ffn_gate": 32}}),
        chosen: adapter("chosen", {
            scaling: "rslora", targets: ["attn_*", "blk.1.ffn_*"], layers: [-2, -1],
            overrides: [{match: "*_v", rank: 6, alpha: 5}, {match: "ffn_*", layers: [1, 1], alpha: 30}]
        }),
        principal: adapter("principal", {alpha: 4, init: "pissa"})
    };
}

// Sum of ln p over the continuation, token by token as llama.cpp gives it.
async function llamaLogLikelihood(sequence, {context, continuation}) {
    const options = {generateNext: {probabilities: true, options: {temperature: 1, topK: 0, topP: 1, minP: 0}}};
    await sequence.clearHistory();
    const tokens = [...context, ...continuation];
    const output = await sequence.controlledEvaluate(tokens.map((token, index) => (index < context.length - 1 ? token : [token, options])));
    let sum = 0, checked = 0;
    for (let index = context.length - 1; index < tokens.length - 1; index++) {
        const {probabilities} = output[index].next;
        // A neutral sampler leaves a whole distribution: every token, adding up to one.
        const total = [...probabilities.values()].reduce((a, b) => a + b, 0);
        if (probabilities.size !== vocabulary || Math.abs(total - 1) > 1e-4) {
            throw new Error(`the sampler is not neutral: ${probabilities.size} tokens, sum ${total}`);
        }
        sum += Math.log(probabilities.get(tokens[index + 1]));
        checked++;
    }
    if (checked !== continuation.length) throw new Error("not every continuation token was checked");
    return sum;
}

async function compare(llama, label, modelPath, pairs, adapter, adapterScale) {
    const ours = trex("score", {model: modelPath, pairs: at("pairs.jsonl"), adapter, adapterScale});
    const model = await llama.loadModel({modelPath});
    const context = await model.createContext({
        // One thread: the models are tiny, and threads that wait for each other by spinning crawl on a busy machine.
        contextSize: 256, batchSize: 256, threads: 1, flashAttention: false,
        experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
        ...(adapter === null ? {} : {lora: {adapters: [{filePath: adapter, scale: adapterScale}]}})
    });
    const sequence = context.getSequence();
    let worst = 0, total = 0;
    for (const [index, pair] of pairs.entries()) {
        const theirs = await llamaLogLikelihood(sequence, pair);
        worst = Math.max(worst, Math.abs(theirs - ours[index].logLikelihood) / pair.continuation.length);
        total += theirs;
    }
    await model.dispose();
    const passed = worst <= tolerance;
    if (!passed) failures++;
    console.log(`${passed ? "ok    " : "FAILED"} ${label}: worst difference ${worst.toExponential(1)} per token, mean log-likelihood ${(total / pairs.length).toFixed(3)}`);
    return total;
}

try {
    const writeRows = (name, rows) => writeFileSync(at(name), rows.map((row) => JSON.stringify(row)).join("\n") + "\n");
    writeRows("train.jsonl", documents(200, 1).map((tokens) => ({tokens})));
    // Backwards progressions: something the base model does not know, so that the adapter has an effect.
    writeRows("other.jsonl", documents(200, 2).map((tokens) => ({tokens: tokens.reverse()})));
    const pairs = documents(12, 3).map((tokens, index) => {
        const cut = 1 + (index * 5) % (tokens.length - 1);
        return {id: index, context: tokens.slice(0, cut), continuation: tokens.slice(cut)};
    });
    writeRows("pairs.jsonl", pairs);

    const llama = await getLlama({gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error});
    for (const shape of architectures) {
        const {model, adapter, mixed, chosen, principal} = trainedModel(shape);
        const base = await compare(llama, `${shape.architecture} alone`, model, pairs, null, 1);
        const whole = await compare(llama, `${shape.architecture} with its adapter`, model, pairs, adapter, 1);
        const half = await compare(llama, `${shape.architecture} with half of it`, model, pairs, adapter, 0.5);
        await compare(llama, `${shape.architecture} with an adapter of mixed ranks`, model, pairs, mixed, 1);
        await compare(llama, `${shape.architecture} with rsLoRA, patterns and overrides`, model, pairs, chosen, 1);
        await compare(llama, `${shape.architecture} with a PiSSA adapter`, model, pairs, principal, 1);
        if (Math.abs(base - whole) < 1 || Math.abs(whole - half) < 1) {
            failures++;
            console.log(`FAILED ${shape.architecture}: the adapter has next to no effect, so nothing was compared`);
        }
    }
    await llama.dispose();
} finally {
    rmSync(folder, {recursive: true, force: true});
}
console.log(failures === 0 ? "trex-train and llama.cpp agree" : `${failures} comparisons failed`);
process.exit(failures === 0 ? 0 : 1);
