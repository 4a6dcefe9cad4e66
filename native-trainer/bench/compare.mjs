// trex-train beside eager PyTorch and llama.cpp's own training, on this machine, on the same files: interleaved runs
// (A B C, A B C, …), medians, and a check that all of them computed the same first loss.
//
//   node compare.mjs --program ../build/trex-train [--python python3] [--llama ../build/llama-finetune]
//                    [--shapes 25m,0.1b] [--rounds 3] [--steps 4] [--threads 2] [--out report.json]
//
// Prints a Markdown table; --out keeps every run. A rival that cannot run here is left out with the reason. All models
// are qwen2 in F32, as PyTorch computes; "Q8_0" rows train the same shape from a quantised file, which no rival does on a
// CPU. llama.cpp trains all weights, one row a step, so it is compared under method "full" on one row.
import {spawn, execFileSync} from "node:child_process";
import {existsSync, mkdtempSync, rmSync, writeFileSync} from "node:fs";
import {cpus, tmpdir} from "node:os";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {parseArgs} from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const {values: options} = parseArgs({options: {
    program: {type: "string", default: join(here, "../build/trex-train")},
    python: {type: "string", default: "python3"},
    llama: {type: "string", default: join(here, "../build/llama-finetune")},
    shapes: {type: "string", default: "25m,0.1b"},
    rounds: {type: "string", default: "3"},
    steps: {type: "string", default: "4"},
    threads: {type: "string"},
    out: {type: "string"}
}});
const rounds = Number(options.rounds), steps = Number(options.steps);
const folder = mkdtempSync(join(tmpdir(), "trex-compare-"));
const learningRate = 1e-4, rank = 16, alpha = 32;
const sameLoss = 2e-5; // relative difference of first losses that still counts as the same computation in fp32

// rows x length tokens are one step.
const shapes = {
    "demo": {layers: 4, embedding: 256, feedForward: 768, heads: 4, kvHeads: 2, vocabulary: 1024, rows: 8, length: 256},
    "25m": {layers: 6, embedding: 576, feedForward: 1536, heads: 9, kvHeads: 3, vocabulary: 4096, rows: 8, length: 256},
    "0.1b": {layers: 12, embedding: 768, feedForward: 2048, heads: 12, kvHeads: 4, vocabulary: 32768, rows: 4, length: 512}
};

// Without a request the command takes none.
function trex(command, request) {
    const input = request === undefined ? {} : {input: JSON.stringify(request)};
    return JSON.parse(execFileSync(options.program, request === undefined ? [command] : [command, "-"], {...input, encoding: "utf8", maxBuffer: 2 ** 26}));
}

function makeModel(name, shape, type) {
    const path = join(folder, `${name}-${type}.gguf`);
    const tokens = Array.from({length: shape.vocabulary}, (_, index) => `t${index}`);
    const {layers, embedding, feedForward, heads, kvHeads} = shape;
    const made = trex("make-model", {
        out: path, architecture: "qwen2", type, seed: 1,
        tokenizer: {model: "gpt2", pre: "qwen2", tokens, merges: [], eosTokenId: 0},
        dimensions: {layers, embedding, feedForward, heads, kvHeads, contextLength: 2048, rmsEpsilon: 1e-6, tieEmbeddings: false}
    });
    return {path, parameters: made.parameters};
}

// Arithmetic progressions with a twist, the same on every machine.
function writeRows(name, vocabulary, rows, length) {
    const tokens = Array.from({length: rows}, (_, row) =>
        Array.from({length: length + 1}, (_, index) => (row * 7919 + index * (row + 1) + ((index * index) % 11)) % vocabulary));
    const jsonl = join(folder, `${name}.jsonl`), text = join(folder, `${name}.txt`);
    writeFileSync(jsonl, tokens.map((row) => JSON.stringify({tokens: row}) + "\n").join(""));
    writeFileSync(text, tokens.map((row) => row.join(" ") + "\n").join(""));
    return {jsonl, text};
}

// Runs a program to its end; stdout lines with the seconds at which they came.
function run(program, args, input, environment) {
    return new Promise((done, fail) => {
        const start = performance.now();
        const child = spawn(program, args, {env: environment, stdio: ["pipe", "pipe", "pipe"]});
        const lines = [];
        let rest = "", errors = "";
        child.stdout.on("data", (data) => {
            const parts = (rest + data).split("\n");
            rest = parts.pop();
            for (const part of parts) lines.push({seconds: (performance.now() - start) / 1000, text: part});
        });
        child.stderr.on("data", (data) => { errors += data; });
        child.on("error", fail);
        child.on("close", (code, signal) => {
            if (code === 0) done(lines);
            else fail(new Error(`${program} ended with ${signal ?? code}: ${(errors || rest || lines.at(-1)?.text || "").trim().slice(-300)}`));
        });
        child.stdin.end(input);
    });
}

function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function runTrex(model, rows, tokensPerStep, length, method, threads) {
    const request = {
        model, data: rows.jsonl, outDir: join(folder, "out"), method, steps, threads, checkpointEverySteps: 0,
        optimizer: {learningRate, schedule: "constant", warmupFraction: 0, clipNorm: 0, weightDecay: 0},
        batch: {tokensPerStep, maxSequenceTokens: length + 1}
    };
    if (method === "lora") request.lora = {rank, alpha};
    const lines = await run(options.program, ["train", "-"], JSON.stringify(request), process.env);
    const events = lines.map((line) => ({...JSON.parse(line.text), seconds: line.seconds}));
    const taken = events.filter((event) => event.event === "step");
    const stepMs = taken.map((event) => event.stepMs);
    return {
        losses: taken.map((event) => event.loss), stepMs, firstStepSeconds: taken[0].seconds,
        tokensPerSecond: taken[0].tokens / median(stepMs.slice(1)) * 1000,
        peakRssBytes: events.at(-1).peakRssBytes, plannedBytes: events.at(-1).plannedBytes,
        version: `trex-train ${events[0].version}`, kernel: events[0].isa
    };
}

// A core type forced on OpenBLAS for another program's sake would slow PyTorch down.
function environmentOfPyTorch(threads) {
    const {OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest} = process.env;
    return {...rest, OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: "1"};
}

async function runPyTorch(model, rows, method, threads) {
    const request = {model, data: rows.jsonl, method, rank, alpha, learningRate, steps, threads};
    const lines = await run(options.python, [join(here, "compare_pytorch.py"), JSON.stringify(request)], "", environmentOfPyTorch(threads));
    return JSON.parse(lines.at(-1).text);
}

async function runLlama(model, rows, threads) {
    const libraries = resolve(here, "../../node_modules/@node-llama-cpp/linux-x64/bins/linux-x64");
    const lines = await run(options.llama, [model, rows.text, String(threads), String(steps)], "",
        {...process.env, LLAMA_LIBRARY_FOLDER: libraries});
    return JSON.parse(lines.at(-1).text);
}

// One table: contenders in turn, `rounds` times.
async function compare(title, contenders) {
    const runs = new Map(contenders.map(({name}) => [name, []]));
    const reasons = new Map();
    for (let round = 0; round < rounds; ++round) {
        for (const {name, start} of contenders) {
            if (reasons.has(name)) continue;
            try {
                runs.get(name).push(await start());
            } catch (error) {
                reasons.set(name, error.message.split("\n")[0]);
            }
            process.stderr.write(`${title}: ${name} round ${round + 1}: ${runs.get(name).at(-1)?.tokensPerSecond?.toFixed(0) ?? reasons.get(name)}\n`);
        }
    }
    const rows = contenders.filter(({name}) => !reasons.has(name)).map(({name}) => {
        const own = runs.get(name), of = (key) => own.map((entry) => entry[key]);
        return {
            name, version: own[0].version, kernel: own[0].kernel ?? "", firstLoss: own[0].losses[0], lastLoss: own[0].losses.at(-1),
            tokensPerSecond: median(of("tokensPerSecond")), lowest: Math.min(...of("tokensPerSecond")), highest: Math.max(...of("tokensPerSecond")),
            peakRssBytes: median(of("peakRssBytes")), plannedBytes: own[0].plannedBytes ?? null, firstStepSeconds: median(of("firstStepSeconds")),
            startSeconds: median(own.map((entry) => entry.firstStepSeconds - entry.stepMs[0] / 1000))
        };
    });
    return {title, rows, leftOut: Object.fromEntries(reasons), runs: Object.fromEntries(runs)};
}

function print({title, rows, leftOut}) {
    const ours = rows[0];
    console.log(`\n**${title}**\n`);
    console.log("| | tokens/s (lowest to highest) | trex-train's factor | peak memory, MiB | share of it | first step begins after, s | and is done after, s | first loss |");
    console.log("|---|---|---|---|---|---|---|---|");
    for (const row of rows) {
        const other = row !== ours;
        console.log(`| ${row.name}${row.kernel ? `, ${row.kernel}` : ""} | ${row.tokensPerSecond.toFixed(0)} (${row.lowest.toFixed(0)} to ${row.highest.toFixed(0)}) `
            + `| ${other ? (ours.tokensPerSecond / row.tokensPerSecond).toFixed(2) : ""} | ${(row.peakRssBytes / 2 ** 20).toFixed(0)} `
            + `| ${other ? (ours.peakRssBytes / row.peakRssBytes).toFixed(2) : ""} | ${row.startSeconds.toFixed(2)} | ${row.firstStepSeconds.toFixed(2)} | ${row.firstLoss.toFixed(5)} |`);
    }
    for (const [name, reason] of Object.entries(leftOut)) console.log(`\n${name} did not run: ${reason}`);
}

// The same file must give the same first loss, or the rows do not measure the same work.
function lossesAgree({title, rows}) {
    const comparable = rows.filter(({name}) => !name.includes("Q8_0"));
    const apart = comparable.filter((row) => Math.abs(row.firstLoss - comparable[0].firstLoss) > sameLoss * comparable[0].firstLoss);
    for (const row of apart) console.error(`${title}: ${row.name} computed another first loss, ${row.firstLoss} instead of ${comparable[0].firstLoss}`);
    return apart.length === 0;
}

try {
    const threads = Number(options.threads ?? trex("devices").threads.physical);
    const tables = [];
    for (const name of options.shapes.split(",")) {
        const shape = shapes[name];
        if (!shape) throw new Error(`unknown shape ${name}; known are ${Object.keys(shapes).join(", ")}`);
        const f32 = makeModel(name, shape, "F32"), q8 = makeModel(name, shape, "Q8_0");
        const {rows: count, length} = shape, tokens = count * length;
        const many = writeRows(name, shape.vocabulary, count, length), single = writeRows(`${name}-one`, shape.vocabulary, 1, length);
        const size = `${name}: ${(f32.parameters / 1e6).toFixed(1)} M parameters, ${shape.layers} layers of width ${shape.embedding}, vocabulary ${shape.vocabulary}`;
        tables.push(await compare(`LoRA of rank ${rank} on ${size}; a step is ${count} × ${length} tokens`, [
            {name: "trex-train", start: () => runTrex(f32.path, many, tokens, length, "lora", threads)},
            {name: "PyTorch", start: () => runPyTorch(f32.path, many, "lora", threads)},
            {name: "trex-train from Q8_0", start: () => runTrex(q8.path, many, tokens, length, "lora", threads)}
        ]));
        tables.push(await compare(`All weights of ${size}; a step is 1 × ${length} tokens`, [
            {name: "trex-train", start: () => runTrex(f32.path, single, length, length, "full", threads)},
            {name: "PyTorch", start: () => runPyTorch(f32.path, single, "full", threads)},
            ...(existsSync(options.llama) ? [{name: "llama.cpp", start: () => runLlama(f32.path, single, threads)}] : [])
        ]));
    }
    console.log(`${cpus()[0].model}, ${threads} threads, ${rounds} rounds of ${steps} steps, medians; the first step of a run is not in its tokens/s.`);
    tables.forEach(print);
    if (options.out) writeFileSync(options.out, JSON.stringify({machine: cpus()[0].model, threads, rounds, steps, tables}, null, 1) + "\n");
    if (!tables.map(lossesAgree).every(Boolean)) process.exitCode = 1;
} finally {
    rmSync(folder, {recursive: true, force: true});
}
