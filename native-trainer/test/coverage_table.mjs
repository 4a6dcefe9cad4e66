// Writes what parity.mjs measured into native-trainer/README.md, between the two marks below, or checks that what stands there
// has a row for everything that is compared today. The digits are of one machine and are not checked.
//     node coverage_table.mjs [PARITY.json]     writes the block; at the end of the README when it has none
//     node coverage_table.mjs --check           exit code 1 when a type, case or architecture is missing or too many
import {readFileSync, writeFileSync} from "node:fs";
import {fileURLToPath} from "node:url";
import {architectures, quantisedTypes} from "./parity_table.mjs";

const readmePath = fileURLToPath(new URL("../README.md", import.meta.url));
const begin = "<!-- coverage: written by test/coverage_table.mjs -->", end = "<!-- end of coverage -->";
const allNames = architectures.map(({name}) => name);
const typeNames = architectures.filter(({f32Only}) => !f32Only).map(({name}) => name); // variants are compared in F32 only
const types = ["F32", ...quantisedTypes];
const cases = ["short", "long"].flatMap((context) => ["none", "1.0", "0.5", "mixed ranks", "rsLoRA", "PiSSA"].map((adapter) => ({context, adapter})));
const caseLabel = ({context, adapter}) => `${context}, adapter ${adapter}`;

const isTwin = (row) => row.against === "llama.cpp on the twin" || (row.type === "F32" && row.against === "llama.cpp");
const isLoose = (row) => row.type !== "F32" && row.against === "llama.cpp" && row.context !== "greedy";

function worst(rows) {
    if (rows.length === 0) throw new Error("parity.json lacks a case of parity_table.mjs; run the parity test again");
    if (rows.some(({passed}) => !passed)) return "fails";
    return Math.max(...rows.map(({difference}) => difference.largest)).toExponential(1);
}

function table(corner, names, labels, cell) {
    const line = (cells) => `| ${cells.join(" | ")} |`;
    return [line([corner, ...names]), line([corner, ...names].map(() => "---")),
        ...labels.map((label) => line([label, ...names.map((name) => cell(label, name))]))].join("\n");
}

function block(rows) {
    const of = (architecture) => rows.filter((row) => row.architecture === architecture && row.context !== "greedy");
    const typeCell = (type, name) => {
        const all = of(name).filter((row) => row.type === type);
        const equal = worst(all.filter(isTwin));
        return type === "F32" ? equal : `${equal} · ${worst(all.filter(isLoose))}`;
    };
    const caseCell = (label, name) =>
        worst(of(name).filter((row) => row.type === "F32" && row.against === "llama.cpp" && caseLabel(row) === label));
    return [
        "Largest difference between our logits and those of the llama.cpp library that serves the models, over all positions and the",
        "whole vocabulary, as a share of the largest logit. First on equal weights (a quantised file here, the same values in F32 there),",
        "then on the quantised file on both sides, where llama.cpp rounds activations to eight bits and we do not.", "",
        table("type", typeNames, types, typeCell), "", table("F32", allNames, cases.map(caseLabel), caseCell)
    ].join("\n");
}

// All of a block but its words and digits: every cell that holds a measured number becomes "#".
function structure(text) {
    const shape = (cell) => (/^\d.*e[-+]\d+$|^fails$/.test(cell) ? "#" : cell);
    return text.split("\n").filter((line) => line.startsWith("|"))
        .map((line) => line.split("|").map((cell) => shape(cell.trim())).join("|"));
}

function expectedStructure() {
    return structure([table("type", typeNames, types, () => "1.0e-7"), table("F32", allNames, cases.map(caseLabel), () => "1.0e-7")].join("\n"));
}

const readme = readFileSync(readmePath, "utf8");
const from = readme.indexOf(begin), to = readme.indexOf(end);
const argument = process.argv[2];
if (argument === "--check") {
    const found = from >= 0 && to > from ? structure(readme.slice(from, to)) : [];
    const expected = expectedStructure();
    const current = found.join("\n") === expected.join("\n");
    const next = current ? "is current" : "is not current: run the parity test, then node native-trainer/test/coverage_table.mjs";
    console.log(`the coverage table in native-trainer/README.md ${next}`);
    process.exitCode = current ? 0 : 1;
} else {
    const result = argument ?? fileURLToPath(new URL("../build/parity.json", import.meta.url));
    const text = `${begin}\n${block(JSON.parse(readFileSync(result, "utf8")).rows)}\n`;
    const before = from < 0 ? `${readme.trimEnd()}\n\n## Coverage\n` : readme.slice(0, from);
    const after = from < 0 ? `${end}\n` : readme.slice(to);
    writeFileSync(readmePath, before + text + after);
    console.log(text);
}
