/** One argument of a command line, quoted for a POSIX shell when it holds anything but plain path characters. */
export function shellWord(text: string): string {
  return /^[\w./:=-]+$/.test(text) ? text : `'${text.replace(/[\r\n]+/g, " ").replaceAll("'", `'\\''`)}'`;
}
