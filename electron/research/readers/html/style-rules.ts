/** As much of CSS as decides whether text is seen: rules of a page's own style elements, no imports, no network. */
export interface StyleRule {
  readonly selector: readonly SelectorStep[];
  readonly specificity: number;
  readonly declarations: Declarations;
}
export type Declarations = ReadonlyMap<string, { readonly value: string; readonly important: boolean }>;

interface SelectorStep {
  readonly tag: string | null;
  readonly id: string | null;
  readonly classes: readonly string[];
  readonly attributes: readonly { name: string; value: string | null }[];
  /** How this step relates to the one before it. */
  readonly combinator: "descendant" | "child";
}

/** What a selector is asked of: an element with its attributes and its parent. */
export interface Styled {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: Styled | null;
}

const mostRules = 4000;

export function parseDeclarations(text: string): Declarations {
  const found = new Map<string, { value: string; important: boolean }>();
  for (const declaration of withoutComments(text).split(";").slice(0, 200)) {
    const colon = declaration.indexOf(":");
    if (colon < 0) continue;
    const raw = declaration.slice(colon + 1).trim().toLowerCase();
    const important = /!\s*important$/u.test(raw);
    const name = declaration.slice(0, colon).trim().toLowerCase();
    if (!important && found.get(name)?.important === true) continue;
    found.set(name, { value: raw.replace(/\s*!\s*important$/u, ""), important });
  }
  return found;
}

/** In order of appearance. Rules for print and for small screens are passed over; other conditions are taken to hold. */
export function parseStyleSheet(text: string): StyleRule[] {
  const rules: StyleRule[] = [];
  collect(withoutComments(text), rules, 0);
  return rules;
}

const withoutComments = (text: string): string => text.replace(/\/\*[^]*?(?:\*\/|$)|<!--|-->/gu, " ");

function collect(text: string, rules: StyleRule[], depth: number): void {
  let at = 0;
  while (at < text.length && rules.length < mostRules) {
    const open = text.indexOf("{", at);
    if (open < 0) return;
    const close = closing(text, open);
    // A statement without a block (@import, @charset) ends in a semicolon.
    const prelude = text.slice(at, open).split(";").at(-1)?.trim() ?? "";
    const body = text.slice(open + 1, close);
    at = close + 1;
    if (prelude.startsWith("@")) {
      if (depth < 4 && /^@(?:media|supports|layer|container)\b/iu.test(prelude) && !/\bprint\b|max-width/iu.test(prelude)) collect(body, rules, depth + 1);
      continue;
    }
    const declarations = parseDeclarations(body);
    for (const part of prelude.split(",").slice(0, 50)) {
      const selector = parseSelector(part.trim());
      if (selector !== null) rules.push({ selector, specificity: specificityOf(selector), declarations });
    }
  }
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === "{") depth += 1;
    if (sign === "}" && (depth -= 1) === 0) return at;
  }
  return text.length;
}

/** null for what is not understood (pseudo-classes, siblings): such a rule is not applied. */
function parseSelector(text: string): SelectorStep[] | null {
  if (text === "" || text.length > 300) return null;
  const steps: SelectorStep[] = [];
  let combinator: SelectorStep["combinator"] = "descendant";
  for (const piece of text.replace(/\s*>\s*/gu, " > ").split(/\s+/u)) {
    if (piece === ">") { combinator = "child"; continue; }
    const match = /^(\*|[a-z][a-z0-9-]*)?((?:[.#][\w-]+|\[[\w-]+(?:=["']?[^\]"']*["']?)?\])*)$/iu.exec(piece.replace(/:root$/u, "html"));
    if (match === null || piece === "") return null;
    const simple = match[2]?.match(/[.#][\w-]+|\[[^\]]+\]/gu) ?? [];
    steps.push({
      tag: match[1] === undefined || match[1] === "*" ? null : match[1].toLowerCase(),
      id: simple.find((part) => part.startsWith("#"))?.slice(1) ?? null,
      classes: simple.filter((part) => part.startsWith(".")).map((part) => part.slice(1)),
      attributes: simple.filter((part) => part.startsWith("[")).map((part) => {
        const [name = "", value] = part.slice(1, -1).split("=");
        return { name: name.toLowerCase(), value: value?.replace(/^["']|["']$/gu, "") ?? null };
      }),
      combinator,
    });
    combinator = "descendant";
  }
  return steps.length === 0 || steps.length > 8 ? null : steps;
}

const specificityOf = (steps: readonly SelectorStep[]): number =>
  steps.reduce((sum, step) => sum + (step.id === null ? 0 : 10_000) + 100 * (step.classes.length + step.attributes.length) + (step.tag === null ? 0 : 1), 0);

/** Rules by what their last step asks for: a page with thousands of rules and elements is not a matter of their product. */
export interface RuleIndex {
  /** Those that match, weakest first. */
  matching(element: Styled): readonly StyleRule[];
}

export function indexRules(rules: readonly StyleRule[]): RuleIndex {
  const byKey = new Map<string, { readonly rule: StyleRule; readonly order: number }[]>();
  for (const [order, rule] of rules.entries()) {
    const last = rule.selector.at(-1);
    const [firstClass] = last?.classes ?? [];
    const key = last?.id != null ? `#${last.id}` : firstClass !== undefined ? `.${firstClass}` : last?.tag ?? "*";
    const ofKey = byKey.get(key) ?? [];
    ofKey.push({ rule, order });
    byKey.set(key, ofKey);
  }
  return {
    matching(element) {
      const classes = new Set(element.attributes.get("class")?.split(/\s+/u));
      return [`#${element.attributes.get("id") ?? ""}`, ...[...classes].map((name) => `.${name}`), element.tag, "*"].flatMap((key) => byKey.get(key) ?? [])
        .filter(({ rule }) => matchesFrom(rule.selector, rule.selector.length - 1, element))
        .sort((first, second) => first.rule.specificity - second.rule.specificity || first.order - second.order).map(({ rule }) => rule);
    },
  };
}

function matchesFrom(steps: readonly SelectorStep[], index: number, element: Styled): boolean {
  const step = steps[index];
  if (step === undefined || !matchesStep(step, element)) return false;
  if (index === 0) return true;
  if (step.combinator === "child") return element.parent !== null && matchesFrom(steps, index - 1, element.parent);
  for (let ancestor = element.parent; ancestor !== null; ancestor = ancestor.parent) if (matchesFrom(steps, index - 1, ancestor)) return true;
  return false;
}

function matchesStep(step: SelectorStep, element: Styled): boolean {
  if (step.tag !== null && step.tag !== element.tag) return false;
  if (step.id !== null && step.id !== element.attributes.get("id")) return false;
  const classes = element.attributes.get("class")?.split(/\s+/u) ?? [];
  if (!step.classes.every((name) => classes.includes(name))) return false;
  return step.attributes.every(({ name, value }) => (value === null ? element.attributes.has(name) : element.attributes.get(name) === value));
}
