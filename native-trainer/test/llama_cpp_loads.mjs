// Makes models with trex-train and loads each with the pinned node-llama-cpp: tokenises, generates greedily, and checks
// that a second file of the same seed is identical. Run by ctest as: node llama_cpp_loads.mjs PROGRAM VOCABULARY_FOLDER
import {execFileSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [program, vocabularies] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "trex-load-"));
const problems = [];

function makeModel(request) {
    try {
        const answer = execFileSync(program, ["make-model", "-"], {input: JSON.stringify(request), encoding: "utf8"});
        return JSON.parse(answer);
    } catch (error) {
        throw new Error(`make-model failed: ${error.stdout}`);
    }
}

// The printable stand-ins for the 256 bytes that GPT-2's byte-level BPE uses.
function byteTokens() {
    const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    let next = 256;
    return Array.from({length: 256}, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

function smallTokenizer() {
    const merges = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "Ġ hello"];
    const tokens = [...byteTokens(), ...merges.map((merge) => merge.replace(" ", "")), "<|endoftext|>", "<|im_start|>", "<|im_end|>"];
    const tokenTypes = tokens.map((token) => (token.startsWith("<|") ? 3 : 1));
    const id = (token) => tokens.indexOf(token);
    return {
        model: "gpt2", pre: "qwen2", tokens, merges, tokenTypes,
        bosTokenId: id("<|endoftext|>"), eosTokenId: id("<|im_end|>"), padTokenId: id("<|endoftext|>"),
        addBosToken: false, addEosToken: false
    };
}

// llama.cpp ships texts and the token ids its reference (the Hugging Face tokenizer) gives for them.
function referenceTokens(name) {
    const read = (ending) => readFileSync(join(vocabularies, `ggml-vocab-${name}.gguf.${ending}`), "utf8");
    const texts = read("inp").split("\n__ggml_vocab_test__\n");
    const ids = read("out").split("\n").map((line) => line.trim().split(/\s+/).filter(Boolean).map(Number));
    return texts.map((text, index) => ({text, tokens: ids[index]}));
}

const small = {label: "small tokenizer", tokenizer: smallTokenizer(), reference: [{text: "hello world", tokens: [259, 264]}]};
const sources = [
    ...["qwen2", "llama-bpe"].map((name) => ({
        label: `${name} vocabulary`, vocabFrom: join(vocabularies, `ggml-vocab-${name}.gguf`), reference: referenceTokens(name)
    })),
    small
];
const shapes = {
    // 64 is not a multiple of 256, so the K types fall back as llama.cpp's own quantiser does; 256 stores them as asked.
    narrow: {layers: 2, embedding: 64, feedForward: 160, heads: 4, kvHeads: 2, contextLength: 512},
    wide: {layers: 1, embedding: 256, feedForward: 512, heads: 4, kvHeads: 2, contextLength: 512}
};

const llama = await getLlama({gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error,
    logger: (level, message) => problems.push(`llama.cpp says: ${message.trim()}`)});

async function check(label, request, reference) {
    const path = join(folder, "model.gguf");
    const started = performance.now();
    makeModel({...request, out: path, seed: 7, chatTemplate: "{{ messages[0].content }}", name: label});
    const madeMs = performance.now() - started;
    const model = await llama.loadModel({modelPath: path, gpuLayers: 0});
    try {
        for (const {text, tokens} of reference) {
            const got = model.tokenize(text);
            if (got.join() !== tokens.join()) problems.push(`${label}: ${JSON.stringify(text)} gave ${got} instead of ${tokens}`);
        }
        const prompt = reference.find(({tokens}) => tokens.length > 1).tokens;
        const context = await model.createContext({contextSize: 64, threads: 2});
        const sequence = context.getSequence();
        const generated = [];
        for await (const token of sequence.evaluate(prompt.slice(0, 32), {temperature: 0})) {
            generated.push(token);
            if (generated.length === 4) break;
        }
        await context.dispose();
        if (generated.length === 0) problems.push(`${label}: nothing was generated`);
        console.log(`ok ${label}: made in ${madeMs.toFixed(0)} ms, generated ${JSON.stringify(generated)}`);
    } finally {
        await model.dispose();
    }
}

try {
    for (const {label, reference, ...source} of sources) {
        for (const architecture of ["llama", "qwen2", "qwen3"]) {
            const headDim = architecture === "qwen3" ? 32 : 16; // qwen3 may have heads * headDim != embedding
            const request = {architecture, ...source, dimensions: {...shapes.narrow, headDim}, type: "Q8_0"};
            await check(`${architecture} Q8_0, ${label}`, request, reference);
        }
    }
    for (const type of [
        "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4", "Q4_K_M", "MXFP4_MOE"
    ]) {
        for (const [shapeName, dimensions] of Object.entries(shapes)) {
            const request = {architecture: "llama", tokenizer: small.tokenizer, type,
                dimensions: {...dimensions, tieEmbeddings: shapeName === "narrow"}, types: {attn_v: "Q6_K"}};
            await check(`llama ${type} ${shapeName}`, request, small.reference);
        }
    }
    const again = {architecture: "qwen3", tokenizer: small.tokenizer, type: "Q4_0", dimensions: shapes.narrow, seed: 3};
    const first = makeModel({...again, out: join(folder, "first.gguf")});
    const second = makeModel({...again, out: join(folder, "second.gguf")});
    const other = makeModel({...again, seed: 4, out: join(folder, "third.gguf")});
    if (first.sha256 !== second.sha256) problems.push("the same seed gave two different files");
    if (first.sha256 === other.sha256) problems.push("another seed gave the same file");
} finally {
    await llama.dispose();
    rmSync(folder, {recursive: true, force: true});
}
for (const problem of problems) console.error(`FAILED ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
