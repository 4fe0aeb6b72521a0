// A mail's HTML, read by a small tokenizer and rebuilt from a short list of harmless elements. The browser's own parser
// is not asked: it would complain about every style that the page's policy forbids. No style, script or image survives.

import { fill, h, safeHref } from "./dom.js";

const KEPT = new Set([
  "a",
  "b",
  "blockquote",
  "br",
  "code",
  "dd",
  "div",
  "dl",
  "dt",
  "em",
  "h1",
  "h2",
  "h3",
  "hr",
  "i",
  "li",
  "ol",
  "p",
  "pre",
  "small",
  "span",
  "strong",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "u",
  "ul",
]);
const VOID = new Set(["br", "hr", "img", "link", "meta", "input", "wbr", "col"]);
const SILENT = /<(head|script|style|title|template|svg|noscript)\b[^>]*>[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->|<![^>]*>/gi;
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/gi;
const NAMED = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  copy: "©",
  middot: "·",
  bull: "•",
};

function decoded(text) {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (asTyped, decimal, hex, name) => {
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : null;
    if (code === null) return NAMED[name] ?? asTyped;
    return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}

function attribute(attributes, name) {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"']+))`, "i").exec(attributes);
  return found ? decoded(found[1] ?? found[2] ?? found[3]) : "";
}

/** The mail's body as safe nodes. */
export function mailBody(html) {
  const text = html.replace(SILENT, "");
  const open = [{ tag: null, node: h("div", { class: "mail-html" }) }];
  const words = (part) => part && fill(open.at(-1).node, [decoded(part)]);
  let at = 0;
  for (const match of text.matchAll(TAG)) {
    words(text.slice(at, match.index));
    at = match.index + match[0].length;
    const tag = match[2].toLowerCase();
    if (match[1]) close(open, tag);
    else begin(open, tag, match[3]);
  }
  words(text.slice(at));
  return open[0].node;
}

function begin(open, tag, attributes) {
  const { node } = open.at(-1);
  if (tag === "img") fill(node, [attribute(attributes, "alt")]);
  if (!KEPT.has(tag)) return;
  const href = tag === "a" ? safeHref(attribute(attributes, "href")) : null;
  const made = h(tag, href ? { href, target: "_blank", rel: "noopener noreferrer" } : {});
  node.append(made);
  if (!VOID.has(tag)) open.push({ tag, node: made });
}

/** An end tag closes the nearest element of its name and all inside it; one without a beginning is passed over. */
function close(open, tag) {
  const index = open.findLastIndex((each) => each.tag === tag);
  if (index > 0) open.length = index;
}
