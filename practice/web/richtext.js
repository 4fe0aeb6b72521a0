// rich_text blocks: what a person's own message and a bot's lists are made of.

import { slackDate } from "./dates.js";
import { h } from "./dom.js";
import { emojiNode, link, mention } from "./mrkdwn.js";

const STYLES = [
  ["bold", "b"],
  ["italic", "i"],
  ["strike", "s"],
  ["code", "code"],
];

const LEAVES = {
  text: (leaf) => leaf.text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line])),
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  emoji: (leaf) => emojiNode(leaf.name),
  user: (leaf, names) => mention(leaf.user_id, null, names),
  channel: (leaf, names) =>
    h("span", { class: "mention" }, `#${names.channel(leaf.channel_id)?.name ?? leaf.channel_id}`),
  usergroup: () => h("span", { class: "mention" }, "@group"),
  broadcast: (leaf) => h("span", { class: "mention mention-me" }, `@${leaf.range}`),
  date: (leaf) => h("time", {}, slackDate(leaf.timestamp, leaf.format)),
};

function leaves(elements, names) {
  return elements.map((leaf) => {
    const make = LEAVES[leaf.type];
    const inner = make ? make(leaf, names) : `[${leaf.type}]`;
    return STYLES.reduce(
      (node, [style, tag]) => (leaf.style?.[style] ? h(tag, { class: tag === "code" ? "code" : null }, node) : node),
      inner,
    );
  });
}

function list(element, names) {
  const props = { class: `rich-list indent-${Math.min(element.indent ?? 0, 4)}` };
  if (element.style === "ordered" && element.offset) props.start = element.offset + 1;
  return h(
    element.style === "ordered" ? "ol" : "ul",
    props,
    element.elements.map((item) => h("li", {}, leaves(item.elements, names))),
  );
}

const CONTAINERS = {
  rich_text_section: (element, names) => h("div", {}, leaves(element.elements, names)),
  rich_text_list: list,
  rich_text_preformatted: (element, names) => h("pre", { class: "pre" }, leaves(element.elements, names)),
  rich_text_quote: (element, names) => h("blockquote", { class: "quote" }, leaves(element.elements, names)),
};

/** Render a rich_text block; what it does not know becomes a visible "[type]". */
export function richText(block, names) {
  return h(
    "div",
    { class: "rich" },
    block.elements.map((element) => CONTAINERS[element.type]?.(element, names) ?? h("div", {}, `[${element.type}]`)),
  );
}
