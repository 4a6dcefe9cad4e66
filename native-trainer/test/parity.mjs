// Holds all logits of trex-train against those of the very llama.cpp library that serves models: architecture by type by
// length by adapter. The table of cases is parity_table.mjs. Run by ctest as:
//     node parity.mjs PROGRAM LLAMA_PEER [RESULT.json [ARCHITECTURE]]
//
// The measure is max |a - b| / max |a| over the logits [T, V] of all positions.
//   F32        against llama.cpp directly.
//   quantised  tightly against llama.cpp and ourselves on the twin, the same values stored as F32; loosely against llama.cpp
//              on the quantised file itself, because it rounds activations to 8 bits (16 for F16 and BF16) before a product.
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {llamaPeer, plainTokenizer, trexTrain} from "./llama/programs.mjs";
import {architectures, commonDimensions, quantisedTypes} from "./parity_table.mjs";

const [program, peerProgram, resultPath, only] = process.argv.slice(2);
const trex = trexTrain(program);
const peer = llamaPeer(peerProgram);
const folder = mkdtempSync(join(tmpdir(), "trex-parity-"));
const at = (name) => join(folder, name);
const vocabulary = 80;
const shortTokens = 48, longTokens = 560;
const rows = [];

// Rounding alone: both sides add some thousand products in fp32 in different orders.
const exact = 1e-6;
const samePath = 1e-6; // the same arithmetic on decoded values
const loose = {F16: 0.02, BF16: 0.1, Q8_0: 0.1};
const looseOtherwise = 0.1;

function report(row) {
    const passed = row.difference <= row.tolerance;
    rows.push({...row, passed});
    const {architecture, type, context, adapter, against, difference, tolerance} = row;
    console.log(`${passed ? "ok    " : "FAILED"} ${architecture} ${type}, ${context} context, adapter ${adapter}, against ${against}: ` +
        `${difference.toExponential(1)} (allowed ${tolerance.toExponential(0)})`);
}

function relativeDifference(expected, got) {
    if (expected.length !== got.length || expected.length === 0) return Infinity;
    let largest = 0, difference = 0;
    for (let index = 0; index < expected.length; index++) {
        largest = Math.max(largest, Math.abs(expected[index]));
        const here = Math.abs(expected[index] - got[index]);
        if (!(here <= difference)) difference = here; // NaN stays
    }
    return Number.isNaN(difference) ? Infinity : difference / largest;
}

function readFloats(path) {
    const bytes = readFileSync(path);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

// Logits [T, V] of both sides. A last token that is only ever predicted gives ours a row for every position.
function ours(model, tokens, adapter) {
    writeFileSync(at("pair.jsonl"), JSON.stringify({id: 0, context: tokens.slice(0, 1), continuation: [...tokens.slice(1), 0]}) + "\n");
    trex("score", {model, pairs: at("pair.jsonl"), adapter: adapter.path, adapterScale: adapter.scale, logits: at("ours.f32")});
    return readFloats(at("ours.f32"));
}

async function theirs(model, tokens, adapter) {
    await peer.ask({command: "logits", model, tokens, adapter: adapter.path, adapterScale: adapter.scale, out: at("theirs.f32")});
    return readFloats(at("theirs.f32"));
}

// A small generator, so that the documents are the same on every machine.
function randomNumbers(seed) {
    let state = seed;
    return (below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
}

// Arithmetic progressions: learnable within a few steps, so that trained weights are far from random ones.
function progression(random, length) {
    const start = random(vocabulary), stride = 1 + random(3);
    return Array.from({length}, (_, index) => (start + index * stride) % vocabulary);
}

function documents(count, seed) {
    const random = randomNumbers(seed);
    return Array.from({length: count}, () => progression(random, 8 + random(90)));
}

// Several progressions one after another, so that attention has something to look back for.
function textOf(length, seed) {
    const random = randomNumbers(seed);
    const tokens = [];
    while (tokens.length < length) tokens.push(...progression(random, 5 + random(30)));
    return tokens.slice(0, length);
}

function trainedModel({architecture, pre, dimensions}) {
    const fresh = at(`${architecture}.gguf`);
    trex("make-model", {
        out: fresh, architecture, tokenizer: plainTokenizer(vocabulary, pre), type: "F32", seed: 5, initStd: 0.08, name: architecture,
        dimensions: {...commonDimensions, ...dimensions}
    });
    // Training every weight for a while gives norms and biases values other than 1 and 0.
    const common = {batch: {tokensPerStep: 512, maxSequenceTokens: 128}, checkpointEverySteps: 0};
    trex("train", {
        ...common, model: fresh, data: at("train.jsonl"), outDir: at(`${architecture}-full`), method: "full", steps: 15,
        output: {type: "F32"}, optimizer: {learningRate: 0.003}
    });
    const model = at(`${architecture}-full/model.gguf`);
    const adapter = (name, ranks) => {
        const outDir = at(`${architecture}-${name}`);
        trex("train", {
            ...common, model, outDir, steps: 8, data: at("other.jsonl"), lora: {rank: 4, alpha: 12, ranks}, optimizer: {learningRate: 0.01}
        });
        return `${outDir}/adapter.gguf`;
    };
    const lora = adapter("lora", {});
    const mixed = adapter("mixed", {"blk.0.attn_q": 1, "blk.0.attn_v": 6, "blk.0.attn_output": 3, "blk.1.ffn_down": 16, "blk.1.ffn_gate": 32});
    return {
        model,
        adapters: {
            none: {path: null, scale: 1}, "1.0": {path: lora, scale: 1}, "0.5": {path: lora, scale: 0.5},
            "mixed ranks": {path: mixed, scale: 1}
        }
    };
}

// llama.cpp's greedy continuation must be our arg-max at every step.
async function compareGreedy(architecture, type, theirModel, ourModel, adapterName, adapter) {
    const prompt = textOf(16, 7);
    const {tokens} = await peer.ask({command: "greedy", model: theirModel, tokens: prompt, count: 24, adapter: adapter.path, adapterScale: adapter.scale});
    writeFileSync(at("pair.jsonl"), JSON.stringify({id: 0, context: prompt, continuation: tokens}) + "\n");
    const [result] = trex("score", {model: ourModel, pairs: at("pair.jsonl"), adapter: adapter.path, adapterScale: adapter.scale});
    report({architecture, type, context: "greedy", adapter: adapterName, against: "llama.cpp", difference: result.isGreedy ? 0 : 1, tolerance: 0});
}

async function compareF32(entry, model, adapters, texts) {
    const {architecture} = entry;
    const tolerance = entry.tolerance ?? exact;
    for (const [context, tokens] of Object.entries(texts)) {
        const logits = {};
        for (const [name, adapter] of Object.entries(adapters)) {
            logits[name] = ours(model, tokens, adapter);
            const difference = relativeDifference(await theirs(model, tokens, adapter), logits[name]);
            report({architecture, type: "F32", context, adapter: name, against: "llama.cpp", difference, tolerance});
        }
        for (const name of ["1.0", "0.5", "mixed ranks"]) {
            if (relativeDifference(logits.none, logits[name]) > 0.01) continue;
            throw new Error(`${architecture}: the adapter ${name} has next to no effect, so nothing was compared`);
        }
    }
    await compareGreedy(architecture, "F32", model, model, "none", adapters.none);
    await compareGreedy(architecture, "F32", model, model, "1.0", adapters["1.0"]);
}

async function compareType(entry, type, model, adapters, texts) {
    const {architecture} = entry;
    const stored = at(`${architecture}-stored.gguf`), twin = at(`${architecture}-twin.gguf`);
    trex("merge", {model, adapter: null, out: stored, type});
    trex("merge", {model: stored, adapter: null, out: twin, type: "F32"});
    for (const [context, adapterName] of [["short", "none"], ["long", "mixed ranks"]]) {
        const tokens = texts[context], adapter = adapters[adapterName];
        const own = ours(stored, tokens, adapter);
        const common = {architecture, type, context, adapter: adapterName};
        report({...common, against: "its F32 twin", difference: relativeDifference(ours(twin, tokens, adapter), own), tolerance: samePath});
        report({...common, against: "llama.cpp on the twin", difference: relativeDifference(await theirs(twin, tokens, adapter), own),
            tolerance: entry.tolerance ?? exact});
        report({...common, against: "llama.cpp", difference: relativeDifference(await theirs(stored, tokens, adapter), own),
            tolerance: loose[type] ?? looseOtherwise});
    }
    await compareGreedy(architecture, type, twin, stored, "none", adapters.none);
    return stored;
}

// A merged model means what its base and adapter mean together.
async function compareMerged(entry, type, model, adapters, texts) {
    const {architecture} = entry;
    const merged = at(`${architecture}-merged.gguf`);
    const common = {architecture, type, context: "short", adapter: "merged", tolerance: entry.tolerance ?? exact};
    for (const [name, {path, scale}] of Object.entries(adapters)) {
        if (path === null) continue;
        trex("merge", {model, adapter: path, adapterScale: scale, out: merged, type: "F32"});
        const atRunTime = ours(model, texts.short, {path, scale});
        const none = adapters.none;
        report({...common, against: `adapter ${name} at run time`, difference: relativeDifference(ours(merged, texts.short, none), atRunTime)});
        report({...common, against: `llama.cpp, merged ${name}`, difference: relativeDifference(await theirs(merged, texts.short, none), atRunTime)});
    }
}

async function compareArchitecture(entry) {
    const {model, adapters} = trainedModel(entry);
    const texts = {short: textOf(shortTokens, 11), long: textOf(entry.longTokens ?? longTokens, 12)};
    await compareF32(entry, model, adapters, texts);
    await compareMerged(entry, "F32", model, adapters, texts);
    for (const type of quantisedTypes) {
        const stored = await compareType(entry, type, model, adapters, texts);
        if (type === "Q4_K_M") await compareMerged(entry, type, stored, adapters, texts);
    }
}

try {
    const writeRows = (name, list) => writeFileSync(at(name), list.map((tokens) => JSON.stringify({tokens})).join("\n") + "\n");
    writeRows("train.jsonl", documents(200, 1));
    // Backwards progressions: something the base model does not know, so that the adapter has an effect.
    writeRows("other.jsonl", documents(200, 2).map((tokens) => tokens.reverse()));
    for (const entry of architectures) {
        if (only === undefined || entry.architecture === only) await compareArchitecture(entry);
    }
} finally {
    peer.close();
    rmSync(folder, {recursive: true, force: true});
}
const failures = rows.filter(({passed}) => !passed).length;
if (resultPath !== undefined) writeFileSync(resultPath, JSON.stringify({rows}, null, 1) + "\n");
console.log(failures === 0 ? `trex-train and llama.cpp agree in all ${rows.length} comparisons` : `${failures} of ${rows.length} comparisons failed`);
process.exitCode = failures === 0 && rows.length > 0 ? 0 : 1;
