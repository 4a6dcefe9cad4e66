export interface BibEntry {
  readonly type: string;
  readonly key: string;
  /** Field names in lower case; values with their braces' outermost pair or quotes taken off. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface ParsedBibtex {
  readonly entries: BibEntry[];
  /** What BibTeX does not read: between entries, and @comment. */
  readonly ignored: string;
  readonly problems: { line: number; what: string }[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const mostDepth = 100;
const mostLocated = 50;

class BibtexProblem extends Error {}

/**
 * Strict: an entry is right or it is left out with a reason; nothing is guessed. Grammar after "Tame the BeaST" (N. Markey),
 * sections 2 and 4: @type{key, name = value # value, …} with {braced}, "quoted", number and @string values; ( ) may stand
 * for the outer braces.
 */
export function parseBibtex(source: string): ParsedBibtex {
  const strings = new Map(months.map((name) => [name, name]));
  const entries: BibEntry[] = [];
  const problems: ParsedBibtex["problems"] = [];
  const keys = new Set<string>();
  let ignored = "";
  let at = 0;

  const skipBlanks = (): void => { while (/\s/u.test(source.charAt(at))) at += 1; };
  const expect = (sign: string, where: string): void => {
    skipBlanks();
    if (source.charAt(at) !== sign) throw new BibtexProblem(`"${sign}" is missing ${where}`);
    at += 1;
  };
  const word = (what: string): string => {
    skipBlanks();
    const found = /^[A-Za-z_][\w:.+/-]*/u.exec(source.slice(at, at + 200))?.[0];
    if (found === undefined) throw new BibtexProblem(`${what} is missing`);
    at += found.length;
    return found.toLowerCase();
  };
  /** From an opening brace to its partner. */
  const braced = (): string => {
    const start = at + 1;
    let depth = 0;
    for (; at < source.length; at += 1) {
      const sign = source.charAt(at);
      if (sign === "\\") { at += 1; continue; }
      if (sign === "{" && (depth += 1) > mostDepth) throw new BibtexProblem("braces are nested too deeply");
      if (sign === "}" && (depth -= 1) === 0) { at += 1; return source.slice(start, at - 1); }
    }
    throw new BibtexProblem("a brace is not closed");
  };
  const quoted = (): string => {
    const start = at + 1;
    let depth = 0;
    for (at += 1; at < source.length; at += 1) {
      const sign = source.charAt(at);
      if (sign === "\\") { at += 1; continue; }
      if (sign === "{") depth += 1;
      if (sign === "}" && (depth -= 1) < 0) throw new BibtexProblem("a quoted value has a brace too many");
      if (sign === "\"" && depth === 0) { at += 1; return source.slice(start, at - 1); }
    }
    throw new BibtexProblem("a quote is not closed");
  };
  const value = (): string => {
    let whole = "";
    for (;;) {
      skipBlanks();
      const sign = source.charAt(at);
      if (sign === "{") whole += braced();
      else if (sign === "\"") whole += quoted();
      else if (/\d/u.test(sign)) {
        const number = /^\d{1,18}/u.exec(source.slice(at, at + 18))?.[0] ?? "";
        at += number.length;
        whole += number;
      } else {
        const name = word("a value");
        const known = strings.get(name);
        if (known === undefined) throw new BibtexProblem(`the abbreviation "${name.slice(0, 40)}" is not defined`);
        whole += known;
      }
      skipBlanks();
      if (source.charAt(at) !== "#") return whole;
      at += 1;
    }
  };
  const entry = (): void => {
    const type = word("the entry's type");
    skipBlanks();
    if (type === "comment") {
      const from = at;
      if (source.charAt(at) === "{") braced();
      else at = endOfLine(source, at);
      ignored += source.slice(from, at);
      return;
    }
    const opening = source.charAt(at);
    if (opening !== "{" && opening !== "(") throw new BibtexProblem("\"{\" is missing after the entry's type");
    const closing = opening === "{" ? "}" : ")";
    at += 1;
    if (type === "preamble") { value(); expect(closing, "after the preamble"); return; }
    if (type === "string") {
      const name = word("the abbreviation's name");
      expect("=", `after ${name}`);
      strings.set(name, value());
      expect(closing, "after the abbreviation");
      return;
    }
    skipBlanks();
    const key = /^[^\s,{}()"#%~=\\]{1,200}/u.exec(source.slice(at, at + 200))?.[0];
    if (key === undefined) throw new BibtexProblem("the entry's key is missing");
    at += key.length;
    if (keys.has(key)) throw new BibtexProblem(`the key ${key.slice(0, 60)} is there twice`);
    const fields = new Map<string, string>();
    for (;;) {
      skipBlanks();
      if (source.charAt(at) === ",") { at += 1; skipBlanks(); }
      if (source.charAt(at) === closing) { at += 1; break; }
      const name = word("a field's name");
      expect("=", `after the field ${name.slice(0, 40)}`);
      fields.set(name, value());
      skipBlanks();
      if (source.charAt(at) !== "," && source.charAt(at) !== closing) throw new BibtexProblem(`"," is missing after the field ${name.slice(0, 40)}`);
    }
    keys.add(key);
    entries.push({ type, key, fields });
  };

  while (at < source.length) {
    const next = source.indexOf("@", at);
    ignored += source.slice(at, next < 0 ? source.length : next);
    if (next < 0) break;
    at = next + 1;
    try {
      entry();
    } catch (error) {
      if (!(error instanceof BibtexProblem)) throw error;
      // Counting lines costs a walk through the file; only the first few are shown.
      problems.push({ line: problems.length < mostLocated ? lineOf(source, next) : 0, what: error.message });
      // The next entry that begins a line; what lies between belongs to the broken one.
      const again = source.indexOf("\n@", next + 1);
      at = again < 0 ? source.length : again + 1;
    }
  }
  return { entries, ignored: ignored.trim(), problems };
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}

const lineOf = (source: string, at: number): number => source.slice(0, at).split("\n").length;
