// Slack's mrkdwn as nodes: *bold* _italic_ ~strike~ `code` ```pre``` > quote, <links|with words>, <@people>,
// <#channels>, <!date^...>, :emoji:. Whatever is not understood stays text.

import { slackDate, whole } from "./dates.js";
import { h, safeHref } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";

// Inside *...* a link or a code span is one piece, so that its own * _ ~ do not end the style.
const piece = (mark) => `(?:<[^<>\\n]+>|\`[^\`\\n]+\`|[^${mark}\\n])+?`;
const styled = (mark, name) =>
  `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)(?<${name}>${piece(mark)})(?<=\\S)${mark}(?![\\p{L}\\p{N}${mark}])`;

const TOKENS = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<angle>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+'-]+):",
    styled("\\*", "bold"),
    styled("_", "italic"),
    styled("~", "strike"),
    "(?<bare>https?:\\/\\/[^\\s<>|`]+[^\\s<>|`.,;:!?)'\"])",
  ].join("|"),
  "gu",
);

/** Slack escapes exactly three characters. */
export function decode(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

/**
 * Render mrkdwn.
 *
 * @param {string} text as Slack's wire has it
 * @param {{person: function(string): ?{id, name}, channel: function(string): ?{name}, me: ?string, verbatim?: boolean}} names
 *   verbatim: addresses that stand bare in the text are not made links
 * @returns {DocumentFragment}
 */
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  const parts = text.split(/```([\s\S]*?)```/);
  parts.forEach((part, index) => {
    if (index % 2 === 1) out.append(preformatted(part, names));
    else if (part.trim() !== "" || parts.length === 1)
      out.append(...lines(trimBreaks(part, index, parts.length), names));
  });
  return out;
}

/** A pre block is a paragraph of its own: the line breaks beside it are not shown twice. */
function trimBreaks(part, index, count) {
  const head = index > 0 ? part.replace(/^\n/, "") : part;
  return index < count - 1 ? head.replace(/\n$/, "") : head;
}

function preformatted(text, names) {
  const pre = h("pre", { class: "pre" });
  text
    .replace(/^\n|\n$/g, "")
    .split(/(<[^<>\n]+>)/)
    .forEach((part) => {
      pre.append(/^<.+>$/.test(part) ? angle(part.slice(1, -1), names) : decode(part));
    });
  return pre;
}

function lines(text, names) {
  const nodes = [];
  let quote = null;
  let fresh = true;
  let rest = false;
  for (const line of text.split("\n")) {
    const found = /^(&gt;&gt;&gt;|>>>|&gt;|>)\s?(.*)$/.exec(line);
    if (rest || found) {
      rest = rest || found[1] === ">>>" || found[1] === "&gt;&gt;&gt;";
      if (quote) quote.append(h("br"));
      else nodes.push((quote = h("blockquote", { class: "quote" })));
      quote.append(...inline(found ? found[2] : line, names));
      fresh = true;
      continue;
    }
    quote = null;
    if (!fresh) nodes.push(line === "" ? h("span", { class: "gap" }) : h("br"));
    nodes.push(...inline(line, names));
    fresh = line === "";
  }
  return nodes;
}

function inline(text, names) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS)) {
    if (match.index > at) nodes.push(decode(text.slice(at, match.index)));
    nodes.push(token(match, names));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(decode(text.slice(at)));
  return nodes;
}

function token(match, names) {
  const found = match.groups;
  if (found.code !== undefined) return h("code", { class: "code" }, decode(found.code));
  if (found.angle !== undefined) return angle(found.angle, names);
  if (found.emoji !== undefined) return emojiNode(found.emoji);
  if (found.bold !== undefined) return h("b", {}, inline(found.bold, names));
  if (found.italic !== undefined) return h("i", {}, inline(found.italic, names));
  if (found.strike !== undefined) return h("s", {}, inline(found.strike, names));
  return names.verbatim ? document.createTextNode(decode(found.bare)) : link(decode(found.bare), decode(found.bare));
}

/** One emoji with its name for people who listen, or the text as typed. */
export function emojiNode(name) {
  const found = emoji(name);
  return found === null
    ? document.createTextNode(`:${name}:`)
    : h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, found);
}

/** What stands between < and >. */
function angle(inner, names) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const words = bar < 0 ? null : decode(inner.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), words, names);
  if (target.startsWith("#"))
    return h("span", { class: "mention" }, `#${names.channel(target.slice(1))?.name ?? words ?? target.slice(1)}`);
  if (target.startsWith("!date^")) return date(target, words);
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, words ?? "@group");
  if (target.startsWith("!")) return h("span", { class: "mention mention-me" }, `@${words ?? target.slice(1)}`);
  return link(decode(target), words ?? decode(target));
}

/** A person's mention, marked when it is the reader's own. */
export function mention(id, words, names) {
  const name = names.person(id)?.name ?? words ?? id;
  return h("span", { class: id === names.me ? "mention mention-me" : "mention" }, `@${name.replace(/^@/, "")}`);
}

/** A link that opens elsewhere; without a safe target only its words. */
export function link(target, words) {
  const href = safeHref(target);
  if (href === null) return document.createTextNode(words);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, withEmoji(words).replace(/^mailto:/, ""));
}

function date(target, fallback) {
  const [, seconds, pattern, href] = target.split("^");
  const number = Number(seconds);
  if (!Number.isFinite(number) || !pattern) return document.createTextNode(fallback ?? target);
  const when = new Date(number * 1000);
  const time = h("time", { datetime: when.toISOString(), title: whole(when) }, slackDate(number, pattern));
  return href && safeHref(href) ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, time) : time;
}

/** A text object ({type: "mrkdwn" | "plain_text", text}) as nodes. */
export function textNodes(object, names) {
  if (!object) return [];
  if (object.type === "mrkdwn") return [mrkdwn(object.text, object.verbatim ? { ...names, verbatim: true } : names)];
  const text = object.emoji === false ? object.text : withEmoji(object.text);
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

/** A text object as one line of plain words: for labels, option names and titles. */
export function words(object) {
  if (!object) return "";
  const text =
    object.type === "mrkdwn"
      ? decode(object.text.replace(/<[^|<>]+\|([^<>]+)>/g, "$1").replace(/[*~`]/g, ""))
      : object.text;
  return object.emoji === false ? text : withEmoji(text);
}
