// Holds all logits of trex-train against those of the very llama.cpp library that serves models: architecture by type by
// length by adapter. The table of cases is parity_table.mjs. Run by ctest as:
//     node parity.mjs PROGRAM LLAMA_PEER [RESULT.json [ARCHITECTURE]]
//
// Two measures over the logits [T, V] of all positions: the largest difference, max |a - b| / max |a|, and the root mean
// square, |a - b| / |a| in the Euclidean norm.
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

// Rounding alone: both sides add some hundred products in fp32 in different orders, layer after layer. One unit in the last
// place is 6e-8; the root mean square of what adds up must stay under 1e-6. The largest of up to 45000 logits lies in the
// tail of the same noise, mostly under 1e-6, and has room so that another processor's order of adding passes too.
const exact = {rms: 1e-6, largest: 4e-6};
const samePath = {rms: 1e-7, largest: 1e-7}; // the same arithmetic on the same values
const looseOf = {F16: {rms: 1e-3, largest: 2e-3}, BF16: {rms: 1e-2, largest: 2e-2}};
const looseOtherwise = {rms: 0.03, largest: 0.05};

function report(row, difference, allowed) {
    const passed = difference.largest <= allowed.largest && difference.rms <= allowed.rms;
    rows.push({...row, difference, allowed, passed});
    const {architecture, type, context, adapter, against} = row;
    console.log(`${passed ? "ok    " : "FAILED"} ${architecture} ${type}, ${context} context, adapter ${adapter}, against ${against}: ` +
        `largest ${difference.largest.toExponential(1)}, rms ${difference.rms.toExponential(1)}`);
}

function differenceOf(expected, got) {
    let largest = 0, worst = 0, sum = 0, squares = 0;
    for (let index = 0; index < expected.length; index++) {
        const here = Math.abs(expected[index] - got[index]);
        largest = Math.max(largest, Math.abs(expected[index]));
        worst = Math.max(worst, here);
        sum += expected[index] ** 2;
        squares += here ** 2;
    }
    const difference = {largest: worst / largest, rms: Math.sqrt(squares / sum)};
    const comparable = expected.length === got.length && Number.isFinite(difference.largest + difference.rms);
    return comparable ? difference : {largest: Infinity, rms: Infinity};
}

function readFloats(path) {
    const bytes = readFileSync(path);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

// Logits [T, V] of both sides. A last token that is only ever predicted gives ours a row for every position. One
// thread: the models are tiny, and threads that wait for each other crawl on a busy machine.
function ours(model, tokens, adapter) {
    writeFileSync(at("pair.jsonl"), JSON.stringify({id: 0, context: tokens.slice(0, 1), continuation: [...tokens.slice(1), 0]}) + "\n");
    trex("score", {model, pairs: at("pair.jsonl"), threads: 1, adapter: adapter.path, adapterScale: adapter.scale, logits: at("ours.f32")});
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

const usualMixedRanks = {"blk.0.attn_q": 1, "blk.0.attn_v": 6, "blk.0.attn_output": 3, "blk.1.ffn_down": 16, "blk.1.ffn_gate": 32};

function trainedModel({name: label, architecture, pre, dimensions, make, mixedRanks, targets}) {
    const fresh = at(`${label}.gguf`);
    trex("make-model", {
        out: fresh, architecture, tokenizer: plainTokenizer(vocabulary, pre), type: "F32", seed: 5, initStd: 0.03,
        name: "parity", // llama.cpp looks for tokens of its own when a name contains "phi3"
        dimensions: {...commonDimensions, ...dimensions}, ...make
    });
    // Training every weight for a while gives norms and biases values other than 1 and 0.
    const common = {threads: 1, batch: {tokensPerStep: 512, maxSequenceTokens: 128}, checkpointEverySteps: 0};
    trex("train", {
        ...common, model: fresh, data: at("train.jsonl"), outDir: at(`${label}-full`), method: "full", steps: 15,
        output: {type: "F32"}, optimizer: {learningRate: 0.003}
    });
    const model = at(`${label}-full/model.gguf`);
    const adapter = (name, choice) => {
        const outDir = at(`${label}-${name}`);
        trex("train", {
            ...common, model, outDir, steps: 8, data: at("other.jsonl"), lora: {rank: 4, alpha: 12, ...(targets && {targets}), ...choice}, optimizer: {learningRate: 0.01}
        });
        return `${outDir}/adapter.gguf`;
    };
    const lora = adapter("lora", {});
    const mixed = adapter("mixed", {ranks: mixedRanks ?? usualMixedRanks});
    const rsLora = adapter("rslora", {scaling: "rslora", targets: ["attn_*", "blk.1.ffn_*"], overrides: [{match: "attn_output", rank: 9, alpha: 5}]});
    const principal = adapter("principal", {alpha: 4, init: "pissa"});
    return {
        model,
        adapters: {
            none: {path: null, scale: 1}, "1.0": {path: lora, scale: 1}, "0.5": {path: lora, scale: 0.5},
            "mixed ranks": {path: mixed, scale: 1}, rsLoRA: {path: rsLora, scale: 1}, PiSSA: {path: principal, scale: 1}
        }
    };
}

// llama.cpp's greedy continuation must be our arg-max at every step: no other token may be ahead by more than the two sides
// differ anyway.
async function compareGreedy(entry, type, theirModel, ourModel, adapterName, adapter) {
    const prompt = textOf(16, 7);
    const {tokens} = await peer.ask({command: "greedy", model: theirModel, tokens: prompt, count: 24, adapter: adapter.path, adapterScale: adapter.scale});
    writeFileSync(at("pair.jsonl"), JSON.stringify({id: 0, context: prompt, continuation: tokens}) + "\n");
    trex("score", {model: ourModel, pairs: at("pair.jsonl"), threads: 1, adapter: adapter.path, adapterScale: adapter.scale, logits: at("ours.f32")});
    const logits = readFloats(at("ours.f32"));
    const ahead = tokens.map((token, step) => {
        const row = logits.subarray(step * vocabulary, (step + 1) * vocabulary);
        return (Math.max(...row) - row[token]) / Math.max(...row.map(Math.abs));
    });
    const difference = tokens.length === 24 && logits.length === 24 * vocabulary ? Math.max(...ahead) : Infinity;
    report({architecture: entry.name, type, context: "greedy", adapter: adapterName, against: "llama.cpp"},
        {largest: difference, rms: difference}, {rms: Infinity, largest: (entry.allowed ?? exact).largest});
}

async function compareF32(entry, model, adapters, texts) {
    const {name: architecture} = entry;
    for (const [context, tokens] of Object.entries(texts)) {
        const logits = {};
        for (const [name, adapter] of Object.entries(adapters)) {
            logits[name] = ours(model, tokens, adapter);
            report({architecture, type: "F32", context, adapter: name, against: "llama.cpp"},
                differenceOf(await theirs(model, tokens, adapter), logits[name]), entry.allowed ?? exact);
        }
        for (const name of ["1.0", "0.5", "mixed ranks", "rsLoRA", "PiSSA"]) {
            if (differenceOf(logits.none, logits[name]).rms > 0.01) continue;
            throw new Error(`${architecture}: the adapter ${name} has next to no effect, so nothing was compared`);
        }
    }
    await compareGreedy(entry, "F32", model, model, "none", adapters.none);
    await compareGreedy(entry, "F32", model, model, "1.0", adapters["1.0"]);
}

async function compareType(entry, type, model, adapters, texts) {
    const {name: architecture} = entry;
    const stored = at(`${architecture}-stored.gguf`), twin = at(`${architecture}-twin.gguf`);
    trex("merge", {model, adapter: null, out: stored, type});
    trex("merge", {model: stored, adapter: null, out: twin, type: "F32"});
    for (const [context, adapterName] of [["short", "none"], ["long", "mixed ranks"]]) {
        const tokens = texts[context], adapter = adapters[adapterName];
        const own = ours(stored, tokens, adapter);
        const common = {architecture, type, context, adapter: adapterName};
        report({...common, against: "its F32 twin"}, differenceOf(ours(twin, tokens, adapter), own), samePath);
        report({...common, against: "llama.cpp on the twin"}, differenceOf(await theirs(twin, tokens, adapter), own), entry.allowed ?? exact);
        const {rms, largest} = entry.loose ?? looseOf[type] ?? looseOtherwise, gain = entry.roundingGain ?? 1;
        report({...common, against: "llama.cpp"}, differenceOf(await theirs(stored, tokens, adapter), own), {rms: gain * rms, largest: gain * largest});
    }
    await compareGreedy(entry, type, twin, stored, "none", adapters.none);
    return stored;
}

// A merged model means what its base and adapter mean together.
async function compareMerged(entry, type, model, adapters, texts) {
    const {name: architecture} = entry;
    const merged = at(`${architecture}-merged.gguf`);
    const allowed = entry.allowed ?? exact;
    for (const [name, {path, scale}] of Object.entries(adapters)) {
        if (path === null) continue;
        trex("merge", {model, adapter: path, adapterScale: scale, out: merged, type: "F32"});
        const atRunTime = ours(model, texts.short, {path, scale});
        const common = {architecture, type, context: "short", adapter: name};
        report({...common, against: "the merged model"}, differenceOf(ours(merged, texts.short, adapters.none), atRunTime), allowed);
        report({...common, against: "llama.cpp on the merged model"}, differenceOf(await theirs(merged, texts.short, adapters.none), atRunTime), allowed);
    }
}

async function compareArchitecture(entry) {
    const {model, adapters} = trainedModel(entry);
    const texts = {short: textOf(shortTokens, 11), long: textOf(entry.longTokens ?? longTokens, 12)};
    await compareF32(entry, model, adapters, texts);
    await compareMerged(entry, "F32", model, adapters, texts);
    if (entry.f32Only) return;
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
        if (only === undefined || entry.name === only) await compareArchitecture(entry);
    }
} finally {
    peer.close();
    rmSync(folder, {recursive: true, force: true});
}
const failures = rows.filter(({passed}) => !passed).length;
if (resultPath !== undefined) writeFileSync(resultPath, JSON.stringify({rows}, null, 1) + "\n");
const precise = rows.filter(({allowed}) => allowed === exact);
const worst = Math.max(...precise.map(({difference}) => difference.largest));
console.log(failures === 0 ? `trex-train and llama.cpp agree in all ${rows.length} comparisons` : `${failures} of ${rows.length} comparisons failed`);
console.log(`on equal weights: ${precise.filter(({difference}) => difference.largest < 1e-6).length} of ${precise.length} under 1e-6 everywhere, the largest ${worst.toExponential(1)}`);
process.exitCode = failures === 0 && rows.length > 0 ? 0 : 1;
