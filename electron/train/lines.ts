/** Longest line trex-train may print: a `score` line with per-token values of a long continuation stays far below. */
export const longestLineBytes = 4 * 1024 * 1024;

export type LineProblem = { readonly kind: "too-long"; readonly bytes: number } | { readonly kind: "torn"; readonly text: string };

/**
 * Cuts a byte stream into lines without ever holding more than one line. Decoding happens per whole line, so a
 * character split between two chunks is not damaged. A line over `limitBytes` is dropped and reported once.
 */
export class LineSplitter {
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private dropping = false;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly onProblem: (problem: LineProblem) => void,
    private readonly limitBytes = longestLineBytes,
  ) {}

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10, start); end >= 0; end = chunk.indexOf(10, start)) {
      this.collect(chunk.subarray(start, end));
      this.finishLine();
      start = end + 1;
    }
    this.collect(chunk.subarray(start));
  }

  /** The stream is over. What is left without a newline is a line when it is whole JSON, else it was cut off. */
  end(): void {
    if (this.pendingBytes === 0 || this.dropping) return;
    const rest = Buffer.concat(this.pending).toString("utf8").trim();
    this.reset();
    if (rest === "") return;
    if (isJson(rest)) this.onLine(rest);
    else this.onProblem({ kind: "torn", text: rest.slice(0, 200) });
  }

  private collect(piece: Buffer): void {
    if (this.dropping || piece.length === 0) return;
    this.pendingBytes += piece.length;
    if (this.pendingBytes <= this.limitBytes) {
      this.pending.push(piece);
      return;
    }
    this.onProblem({ kind: "too-long", bytes: this.pendingBytes });
    this.pending = [];
    this.dropping = true;
  }

  private finishLine(): void {
    if (!this.dropping && this.pendingBytes > 0) {
      const line = Buffer.concat(this.pending).toString("utf8").trim();
      if (line !== "") this.onLine(line);
    }
    this.reset();
  }

  private reset(): void {
    this.pending = [];
    this.pendingBytes = 0;
    this.dropping = false;
  }
}

/** Collects a whole output that is one JSON document, bounded. An `error` object may follow on a line of its own. */
export class DocumentCollector {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly onDocument: (text: string) => void,
    private readonly onProblem: (problem: LineProblem) => void,
    private readonly limitBytes = longestLineBytes,
  ) {}

  write(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= this.limitBytes) this.pieces.push(chunk);
  }

  end(): void {
    if (this.bytes > this.limitBytes) { this.onProblem({ kind: "too-long", bytes: this.bytes }); return; }
    const text = Buffer.concat(this.pieces).toString("utf8").trim();
    if (text === "") return;
    const lastLine = text.slice(text.lastIndexOf("\n") + 1);
    this.onDocument(isJson(text) || !isJson(lastLine) ? text : lastLine);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
