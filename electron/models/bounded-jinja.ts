import * as jinja from "@huggingface/jinja";

/**
 * Chat templates come out of downloaded files: a template may loop for ever or grow text without end. This
 * interpreter counts its steps and looks at the size of every value, so that rendering ends soon, in this process,
 * and always with the same verdict. Templates see plain data only, no host objects.
 */
export interface JinjaLimits {
  readonly templateCharacters: number;
  /** The parser's regular expressions are quadratic in the length of white space. */
  readonly blankRun: number;
  readonly steps: number;
  readonly characters: number;
  readonly items: number;
}
export const defaultJinjaLimits: JinjaLimits = { templateCharacters: 200_000, blankRun: 2_000, steps: 200_000, characters: 4_000_000, items: 100_000 };

/** The template itself refused (raise_exception) or is broken; the message is the template's, so it is not trusted. */
export class TemplateError extends Error {}

// The package's type files import each other without extensions, which this project's module resolution cannot follow.
interface Value { readonly type: string; readonly value: unknown }
interface Scope { set(name: string, value: unknown): unknown }
interface Runner { evaluate(statement: unknown, scope: Scope): Value; run(program: unknown): Value }
const { Environment, Interpreter, parse, tokenize } = jinja as unknown as {
  Environment: new () => Scope;
  Interpreter: new (scope: Scope) => Runner;
  parse: (tokens: unknown) => object;
  tokenize: (template: string, options: { lstrip_blocks: boolean; trim_blocks: boolean }) => unknown;
};

/** `for x in list` and `for x in list if test`: there the list is the left side. */
function isLoop(statement: unknown): statement is { iterable: { lhs?: object } } {
  return typeof statement === "object" && statement !== null && "type" in statement && statement.type === "For";
}

class BoundedInterpreter extends Interpreter {
  private steps = 0;
  /** The lists that loops run over: each item costs a step, even where the loop's body is empty. */
  private readonly loopLists = new WeakSet<object>();

  constructor(scope: Scope, private readonly limits: JinjaLimits) {
    super(scope);
  }

  override evaluate(statement: unknown, scope: Scope): Value {
    this.charge(1);
    if (isLoop(statement)) {
      this.loopLists.add(statement.iterable);
      if (statement.iterable.lhs !== undefined) this.loopLists.add(statement.iterable.lhs);
    }
    const result = super.evaluate(statement, scope);
    if (typeof result.value === "string" && result.value.length > this.limits.characters) throw new TemplateError("it writes too much text");
    if (Array.isArray(result.value)) {
      if (result.value.length > this.limits.items) throw new TemplateError("it builds a list that is too long");
      if (typeof statement === "object" && statement !== null && this.loopLists.has(statement)) this.charge(result.value.length);
    }
    return result;
  }

  private charge(steps: number): void {
    this.steps += steps;
    if (this.steps > this.limits.steps) throw new TemplateError("it runs for too long");
  }
}

function boundedRange(limits: JinjaLimits): (start: number, stop?: number | null, step?: number) => number[] {
  return (start, stop, step = 1) => {
    const [from, to] = stop === undefined || stop === null ? [0, start] : [start, stop];
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (!(count <= limits.items)) throw new TemplateError("it counts too far");
    return Array.from({ length: count }, (_, index) => from + index * step);
  };
}

/**
 * Templates that print today's date would make a row differ from one day to the next, and training from evaluation.
 * They all get the date that Llama 3's own template falls back to.
 */
const templateDate = { Y: "2024", m: "07", d: "26", B: "July", b: "Jul", A: "Friday", a: "Fri", H: "12", M: "00", S: "00", "%": "%" } as const;

function formatDate(format: unknown): string {
  return String(format).replace(/%(.)/g, (whole, letter: string) => (templateDate as Readonly<Record<string, string>>)[letter] ?? whole);
}

function createScope(limits: JinjaLimits): Scope {
  const scope = new Environment();
  for (const [name, value] of Object.entries({ false: false, true: true, none: null, False: false, True: true, None: null })) scope.set(name, value);
  scope.set("raise_exception", (message: unknown) => { throw new TemplateError(String(message)); });
  scope.set("range", boundedRange(limits));
  scope.set("strftime_now", formatDate);
  return scope;
}

const parsed = new Map<string, object>();
const mostParsed = 16;

function parseTemplate(template: string, limits: JinjaLimits): object {
  const known = parsed.get(template);
  if (known !== undefined) return known;
  if (template.length > limits.templateCharacters) throw new TemplateError("it is too long");
  let blanks = 0;
  for (const character of template) {
    blanks = /\s/.test(character) ? blanks + 1 : 0;
    if (blanks > limits.blankRun) throw new TemplateError("it holds too much empty space");
  }
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true }));
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(template, program);
  return program;
}

/** Renders, or throws a TemplateError; nothing else gets out. */
export function renderBounded(template: string, values: Readonly<Record<string, unknown>>, limits: JinjaLimits = defaultJinjaLimits): string {
  try {
    const scope = createScope(limits);
    for (const [name, value] of Object.entries(values)) scope.set(name, value);
    const rendered = new BoundedInterpreter(scope, limits).run(parseTemplate(template, limits)).value;
    if (typeof rendered !== "string") throw new TemplateError("it does not make text");
    return rendered;
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(error instanceof Error ? error.message : String(error));
  }
}
