// Stores random models with trex-train and with llama.cpp's own quantiser, in every type and mix, and compares the type and
// the bytes of each tensor. Run by ctest as: node type_mix.mjs PROGRAM LLAMA_PEER
import {mkdtempSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {llamaPeer, plainTokenizer, trexTrain} from "./llama/programs.mjs";

const [program, peerProgram] = process.argv.slice(2);
const trex = trexTrain(program);
const peer = llamaPeer(peerProgram);
const folder = mkdtempSync(join(tmpdir(), "trex-mix-"));
const at = (name) => join(folder, name);
let failures = 0;

// The request's "type" beside llama.cpp's number (enum llama_ftype). A type without a mix is llama.cpp's mix of that name
// where that mix is only one type.
const storages = {
    F32: 0, F16: 1, BF16: 32, Q8_0: 7, Q6_K: 18, MOSTLY_Q4_0: 2, MOSTLY_Q4_1: 3, MOSTLY_Q5_0: 8, MOSTLY_Q5_1: 9,
    Q4_K_S: 14, Q4_K_M: 15, Q5_K_S: 16, Q5_K_M: 17, MOSTLY_IQ4_NL: 25, MOSTLY_IQ4_XS: 30, MXFP4_MOE: 38
};
const singleTypes = ["F32", "F16", "BF16", "Q8_0", "Q6_K"];
const all = Object.keys(storages);

const expertsOf = (count, width) => ({expert_count: count, expert_used_count: 2, expert_feed_forward_length: width});

// Each shape reaches other branches of the rule: how many layers, tied or not, how many heads share their values, and rows
// that are no multiple of 256 or of 32.
const shapes = [
    {label: "two layers", architecture: "llama", layers: 2, storages: all},
    {label: "nine layers, tied", architecture: "qwen2", layers: 9, headDim: 64, tieEmbeddings: true, storages: all},
    {label: "nine layers, four heads to one", architecture: "llama", layers: 9, kvHeads: 1, storages: all},
    {label: "19 layers", architecture: "qwen3", layers: 19, headDim: 32, storages: ["Q4_K_S", "Q4_K_M", "Q5_K_M", "MOSTLY_IQ4_XS"]},
    {label: "rows of 96 and 288", architecture: "llama", layers: 3, embedding: 96, feedForward: 288, heads: 3, kvHeads: 3, storages: all},
    {label: "rows of 80 and 200, tied", architecture: "llama", layers: 3, embedding: 80, feedForward: 200, tieEmbeddings: true, storages: all},
    {label: "rows of 96 and 512", architecture: "llama", layers: 9, embedding: 96, feedForward: 512, kvHeads: 1, tieEmbeddings: true, storages: all},
    // llama.cpp takes 80 layers with shared heads for the 70 billion model, whose values it keeps in more bits.
    {label: "80 layers, llama", architecture: "llama", layers: 80, headDim: 2, storages: ["Q4_K_M", "Q4_K_S"]},
    {label: "80 layers, llama, no shared heads", architecture: "llama", layers: 80, headDim: 2, kvHeads: 4, storages: ["Q4_K_M"]},
    // llama.cpp counts the down projections of experts by their layer, and takes eight experts for Mixtral, whose attention it
    // keeps in more bits, under the name Q6_K too, which is one type here.
    {label: "four experts", architecture: "qwen3moe", layers: 9, headDim: 64, metadata: expertsOf(4, 256), storages: all},
    {label: "eight experts", architecture: "qwen3moe", layers: 3, headDim: 64, metadata: expertsOf(8, 256), storages: all.filter((type) => type !== "Q6_K")},
    {label: "experts with rows of 96", architecture: "qwen3moe", layers: 3, headDim: 64, metadata: expertsOf(4, 96), storages: all},
    {label: "80 layers, qwen3", architecture: "qwen3", layers: 80, headDim: 2, storages: ["Q4_K_M"]},
    // Values in some layers only; tables and projections of per-layer embeddings.
    {label: "gemma4", architecture: "gemma4", layers: 10, headDim: 64, tieEmbeddings: true, storages: all,
        make: {ropeFactors: Array(32).fill(1), valuesFromKeys: [1, 5], outputScales: Array(10).fill(0.9),
            metadata: {"attention.sliding_window": 64, "attention.sliding_window_pattern": [1, 0, 1, 1, 1, 0, 1, 0, 1, 0], "attention.shared_kv_layers": 2,
                "attention.key_length_swa": 64, "attention.value_length_swa": 64, "embedding_length_per_layer_input": 256}}}
];

function fresh({label, architecture, metadata, storages: _, make, ...dimensions}) {
    const path = at("fresh.gguf");
    trex("make-model", {
        out: path, architecture, tokenizer: plainTokenizer(40, "qwen2"), type: "F32", initStd: 0.1, name: label, metadata: metadata ?? {},
        dimensions: {embedding: 256, feedForward: 256, heads: 4, kvHeads: 2, contextLength: 64, tieEmbeddings: false, ...dimensions}, ...make
    });
    return path;
}

function differences(ours, theirs, comparesFileType) {
    const wrong = [];
    if (comparesFileType && ours.fileType !== theirs.fileType) wrong.push(`file type ${ours.fileType} instead of ${theirs.fileType}`);
    const byName = new Map(ours.tensors.map((tensor) => [tensor.name, tensor]));
    for (const tensor of theirs.tensors) {
        const own = byName.get(tensor.name);
        if (own?.type !== tensor.type) wrong.push(`${tensor.name} is ${own?.type} instead of ${tensor.type}`);
        else if (own.bytes !== tensor.bytes || own.hash !== tensor.hash) wrong.push(`${tensor.name} has other bytes`);
    }
    if (ours.tensors.length !== theirs.tensors.length) wrong.push(`${ours.tensors.length} tensors instead of ${theirs.tensors.length}`);
    return wrong;
}

try {
    for (const shape of shapes) {
        const model = fresh(shape);
        for (const type of shape.storages) {
            trex("merge", {model, adapter: null, out: at("ours.gguf"), type});
            await peer.ask({command: "quantize", model, out: at("theirs.gguf"), fileType: storages[type]});
            const ours = await peer.ask({command: "tensors", model: at("ours.gguf")});
            const theirs = await peer.ask({command: "tensors", model: at("theirs.gguf")});
            // A single type is named after what most bytes are, which is another one when most rows fell back.
            const wrong = differences(ours, theirs, !singleTypes.includes(type) || shape.embedding === undefined);
            const counts = {};
            for (const tensor of theirs.tensors) counts[tensor.type] = (counts[tensor.type] ?? 0) + 1;
            if (wrong.length > 0) failures++;
            console.log(`${wrong.length === 0 ? "ok    " : "FAILED"} ${shape.label}, ${type}: ${JSON.stringify(counts)} ${wrong.slice(0, 5).join("; ")}`);
        }
    }
} finally {
    peer.close();
    rmSync(folder, {recursive: true, force: true});
}
console.log(failures === 0 ? "trex-train and llama.cpp's quantiser agree" : `${failures} files differ`);
process.exitCode = failures === 0 ? 0 : 1;
