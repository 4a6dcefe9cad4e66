/** A file name out of untrusted text (a model's own name, for example): letters, digits and hyphens, never empty. */
export function slugOf(text: string): string {
  const slug = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40).replace(/-+$/, "");
  return slug === "" ? "model" : slug;
}
