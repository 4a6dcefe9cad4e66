/** The one platform type the contract names. Node and the browser both have it; where neither's types are loaded, this stands in. */
declare global {
  interface AbortSignal {
    readonly aborted: boolean;
  }
}
export {};
