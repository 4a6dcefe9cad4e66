/** The few meanings colour has here. Each tone has a text colour and a soft background in styles/tokens.css. */
export type Tone = "gain" | "info" | "warn" | "bad" | "base" | "quiet";
