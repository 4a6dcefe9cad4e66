import { appendFile } from "node:fs/promises";
import path from "node:path";
import { memorySampleSchema, type MemorySample } from "../../contract/index.js";
import { streamJsonLines } from "../../store/index.js";

const mostSamples = 3_600;
const samplesPerWrite = 10;

/**
 * A run's memory readings: the newest hour, and a file beside the journal so that a finished run still has its chart.
 * Nothing depends on the file; what a crash loses of it is a few seconds of a curve.
 */
export class MemoryHistory {
  private samples: MemorySample[] = [];
  private unwritten: MemorySample[] = [];

  constructor(private readonly file: string) {}

  static fileOf(runDirectory: string): string {
    return path.join(runDirectory, "memory.jsonl");
  }

  add(sample: MemorySample): void {
    this.samples.push(sample);
    if (this.samples.length > mostSamples) this.samples.shift();
    this.unwritten.push(sample);
    if (this.unwritten.length >= samplesPerWrite) void this.flush();
  }

  list(): readonly MemorySample[] {
    return this.samples;
  }

  async flush(): Promise<void> {
    const lines = this.unwritten.map((sample) => `${JSON.stringify(sample)}\n`).join("");
    this.unwritten = [];
    // A full disk must stop the run through the journal, with its sentence, and not through a chart.
    if (lines !== "") await appendFile(this.file, lines).catch(() => undefined);
  }
}

/** The newest readings in the file; torn lines are passed over. */
export async function readMemoryHistory(runDirectory: string): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  for await (const { result } of streamJsonLines(MemoryHistory.fileOf(runDirectory), memorySampleSchema, { maximumLineBytes: 65_536 })) {
    if (result.ok) samples.push(result.value);
    if (samples.length > mostSamples) samples.shift();
  }
  return samples;
}
