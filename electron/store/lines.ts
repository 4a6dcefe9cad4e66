import type { FileHandle } from "./file-system.js";

export interface Line {
  /** Of the first byte, in the file. */
  readonly offset: number;
  /** Without the line break; empty when the line is too long. */
  readonly bytes: Buffer;
  /** Of the line without its break, also when it is too long to be handed over. */
  readonly length: number;
  readonly tooLong: boolean;
  /** Ends with a line break; false only for the last line of a file. */
  readonly terminated: boolean;
}

const chunkBytes = 1 << 20;
const lineFeed = 0x0a;

/** The file's lines in order, holding one line and one chunk in memory whatever the file's size. */
export async function* readLines(file: FileHandle, maximumLineBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let lineStart = 0;
  const line = (terminated: boolean): Line => {
    const tooLong = length > maximumLineBytes;
    const [only] = parts;
    const bytes = tooLong || only === undefined ? Buffer.alloc(0) : parts.length === 1 ? only : Buffer.concat(parts, length);
    return { offset: lineStart, bytes, length, tooLong, terminated };
  };
  // What another process appends meanwhile is left for the next reading.
  const size = await file.size();
  for (let position = 0; position < size; ) {
    // A new buffer each time: lines handed out may still point into the last one.
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, size - position));
    const count = await file.read(chunk, 0, chunk.length, position);
    if (count === 0) break;
    for (let start = 0; start < count; ) {
      const found = chunk.subarray(0, count).indexOf(lineFeed, start);
      const end = found < 0 ? count : found;
      length += end - start;
      // Bytes of a line that is too long are counted but not kept.
      if (length <= maximumLineBytes) parts.push(chunk.subarray(start, end));
      else parts = [];
      if (found >= 0) {
        yield line(true);
        parts = [];
        length = 0;
        lineStart = position + found + 1;
      }
      start = end + 1;
    }
    position += count;
  }
  if (length > 0) yield line(false);
}
