/** One element of a small XML document; text is what stands directly inside it, in order. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const mostElements = 20_000;
const deepest = 16;
const nameShape = /^[A-Za-z_][\w.:-]{0,60}$/u;
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * The root of an Atom feed's XML, or null where it is not well-formed. Only what Atom needs: elements, attributes, text,
 * character data, comments and processing instructions. A document type is refused as a whole, and with it every
 * entity of its own (https://www.w3.org/TR/xml/, sections 2 and 4).
 */
export function parseXml(source: string): XmlElement | null {
  const open: { name: string; attributes: Record<string, string>; children: XmlElement[]; text: string[] }[] = [];
  let root: XmlElement | null = null;
  let elements = 0;
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < source.length) {
    const next = source.indexOf("<", at);
    const text = source.slice(at, next === -1 ? source.length : next);
    const decoded = decodeEntities(text);
    if (decoded === null) return null;
    const parent = open.at(-1);
    if (parent === undefined) {
      if (text.trim() !== "") return null;
    } else parent.text.push(decoded);
    if (next === -1) break;
    at = next;
    if (source.startsWith("<!--", at)) {
      const end = source.indexOf("-->", at + 4);
      if (end === -1) return null;
      at = end + 3;
    } else if (source.startsWith("<![CDATA[", at)) {
      const end = source.indexOf("]]>", at + 9);
      if (end === -1 || parent === undefined) return null;
      parent.text.push(source.slice(at + 9, end));
      at = end + 3;
    } else if (source.startsWith("<?", at)) {
      const end = source.indexOf("?>", at + 2);
      if (end === -1) return null;
      at = end + 2;
    } else if (source.startsWith("</", at)) {
      const end = source.indexOf(">", at);
      const closed = open.pop();
      if (end === -1 || closed?.name !== source.slice(at + 2, end).trim()) return null;
      const element: XmlElement = { name: closed.name, attributes: closed.attributes, children: closed.children, text: closed.text.join("") };
      const outer = open.at(-1);
      if (outer !== undefined) outer.children.push(element);
      else if (root !== null) return null;
      else root = element;
      at = end + 1;
    } else {
      const tag = openTag(source, at);
      if (tag === null || (parent === undefined && root !== null) || (elements += 1) > mostElements || open.length >= deepest) return null;
      at = tag.end;
      if (!tag.isEmpty) open.push({ name: tag.name, attributes: tag.attributes, children: [], text: [] });
      else {
        const element: XmlElement = { name: tag.name, attributes: tag.attributes, children: [], text: "" };
        if (parent === undefined) root = element;
        else parent.children.push(element);
      }
    }
  }
  return open.length === 0 ? root : null;
}

function openTag(source: string, from: number): { name: string; attributes: Record<string, string>; isEmpty: boolean; end: number } | null {
  const attribute = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/uy;
  const name = /[^\s/>]+/uy;
  name.lastIndex = from + 1;
  const tagName = name.exec(source)?.[0] ?? "";
  if (!nameShape.test(tagName)) return null;
  // No prototype: a feed may name an attribute as it likes.
  const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
  attribute.lastIndex = name.lastIndex;
  let end = name.lastIndex;
  for (let found = attribute.exec(source); found !== null; found = attribute.exec(source)) {
    const value = decodeEntities(found[2] ?? found[3] ?? "");
    const key = found[1] ?? "";
    if (value === null || key in attributes) return null;
    attributes[key] = value;
    end = attribute.lastIndex;
  }
  const close = /\s*(\/?)>/uy;
  close.lastIndex = end;
  const closing = close.exec(source);
  return closing === null ? null : { name: tagName, attributes, isEmpty: closing[1] === "/", end: close.lastIndex };
}

/** null where there is a reference that XML itself does not define. */
function decodeEntities(text: string): string | null {
  if (!text.includes("&")) return text;
  let broken = false as boolean;
  const decoded = text.replace(/&([^;\s&]{0,12});?/gu, (whole, body: string) => {
    const known = whole.endsWith(";") ? (Object.hasOwn(named, body) ? named[body] : characterOf(body)) : undefined;
    if (known === undefined) broken = true;
    return known ?? "";
  });
  return broken ? null : decoded;
}

function characterOf(body: string): string | undefined {
  const code = /^#x[0-9a-f]{1,6}$/iu.test(body) ? Number.parseInt(body.slice(2), 16) : /^#\d{1,7}$/u.test(body) ? Number(body.slice(1)) : Number.NaN;
  const isCharacter = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0x10ffff);
  return isCharacter ? String.fromCodePoint(code) : undefined;
}

export const childText = (element: XmlElement, name: string): string => element.children.find((child) => child.name === name)?.text ?? "";
