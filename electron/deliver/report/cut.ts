/** Others' text in a page that is to stay a page: bounded, however long the original is. */
export function cut(text: string, mostCharacters = 1200): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1).toWellFormed()}…`;
}
