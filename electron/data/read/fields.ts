/** Reading untrusted records: own fields only, so a `__proto__` in the data is a field like any other and touches nothing. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** The first of `names` that the record has, whatever its case and the blanks around it. */
export function firstOf(fields: Fields, names: readonly string[]): unknown {
  const key = keyOf(fields, names);
  return key === null ? undefined : own(fields, key);
}

export function keyOf(fields: Fields, names: readonly string[]): string | null {
  for (const name of names) {
    if (Object.hasOwn(fields, name)) return name;
    const found = Object.keys(fields).find((key) => key.trim().toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return null;
}

/** Text of a value that stands for an answer or a prompt; null when it is none. Lone surrogates become U+FFFD. */
export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "boolean") return String(value);
  // 9007199254740993 reads as …992: a number that JSON cannot carry exactly must come as text.
  if (typeof value === "number") return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? String(value) : null;
  if (typeof value === "object" && value !== null) {
    try {
      return JSON.stringify(value).toWellFormed();
    } catch {
      return null; // Nested too deeply to be written.
    }
  }
  return null;
}
