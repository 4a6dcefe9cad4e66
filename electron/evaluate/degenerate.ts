/**
 * Whether an answer has run into a loop: a unit of 1 to `longestUnit` tokens repeated at the end so often that the repeats
 * make up half of the answer and at least `fewestTokens` tokens. Short enumerations and "no, no, no" do not count.
 */
export function isLooping(tokens: readonly number[], longestUnit = 16, fewestTokens = 16): boolean {
  for (let unit = 1; unit <= longestUnit; unit += 1) {
    let repeated = 0;
    for (let at = tokens.length - 1; at - unit >= 0 && tokens[at] === tokens[at - unit]; at -= 1) repeated += 1;
    const covered = repeated + unit;
    if (covered >= unit * 3 && covered >= fewestTokens && covered * 2 >= tokens.length) return true;
  }
  return false;
}
