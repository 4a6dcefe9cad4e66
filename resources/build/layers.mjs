import path from "node:path";

/**
 * The house's import rule as a lint rule. Arrows point down: entry points, app, session, domain folders, store, contract.
 * Other folders are reached through their index only, the renderer sees nothing but the contract, Electron is imported
 * by its shell alone, and node-llama-cpp by the llama worker alone.
 */
const domain = ["agents", "research", "tree", "data", "train", "evaluate", "stats", "models", "hardware", "deliver"];
const ranks = { entry: 5, shell: 5, app: 4, session: 3, ...Object.fromEntries(domain.map((name) => [name, 2])), store: 1, contract: 0 };
const pure = new Set(["contract", "tree", "stats"]);

/** Session knows ports, not the folders that implement them: these are all it may call. */
const sessionMay = new Set(["tree", "stats", "store", "contract", "session"]);

function place(file) {
  const parts = path.normalize(file).split(path.sep);
  const top = parts.lastIndexOf("electron");
  const renderer = parts.lastIndexOf("renderer");
  if (renderer > top) return { area: "renderer", folder: "renderer" };
  if (top < 0) return { area: "other", folder: "other" };
  return { area: "electron", folder: parts.length - top === 2 ? "entry" : parts[top + 1] };
}

function problem(file, source) {
  const from = place(file);
  const test = /\.test\.tsx?$/.test(file);
  if (!source.startsWith(".")) {
    if (source === "electron" && !["entry", "shell"].includes(from.folder)) return "Electron is imported by electron/shell and main.ts only.";
    if (source === "node-llama-cpp" && !file.includes(`${path.sep}models${path.sep}worker${path.sep}`)) return "node-llama-cpp lives in the llama worker only: a native crash must not take the host along.";
    if (source.startsWith("node:") && pure.has(from.folder) && !test) return `${from.folder} is pure: no Node modules.`;
    if (source.startsWith("node:") && from.area === "renderer" && !test && !file.endsWith("vite.config.ts")) return "The renderer runs in a sandboxed page: no Node modules.";
    return null;
  }
  const target = path.resolve(path.dirname(file), source);
  const to = place(target);
  if (from.area === "renderer") return to.area === "electron" && to.folder !== "contract" ? "The renderer imports the contract only." : null;
  if (from.area !== "electron" || to.area !== "electron" || from.folder === to.folder || test) return null;
  if (to.folder === "entry") return "Nothing imports an entry point.";
  if (!(to.folder in ranks)) return `${to.folder} is not a folder of the house.`;
  if (ranks[to.folder] > ranks[from.folder]) return `${from.folder} may not import ${to.folder}: arrows point down.`;
  if (from.folder === "session" && !sessionMay.has(to.folder)) return `session reaches ${to.folder} through a port, not by import.`;
  const inside = path.relative(path.join(target.slice(0, target.lastIndexOf(`${path.sep}electron${path.sep}`)), "electron", to.folder), target);
  if (inside !== "index.js" && inside !== "index.ts" && from.folder !== "entry") return `import ${to.folder} through its index.`;
  return null;
}

const rule = {
  meta: { type: "problem", schema: [], messages: { layer: "{{text}}" } },
  create(context) {
    const check = (node) => {
      if (!node.source || typeof node.source.value !== "string") return;
      const text = problem(context.filename, node.source.value);
      if (text !== null) context.report({ node: node.source, messageId: "layer", data: { text } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

export const layers = { rules: { layers: rule } };
