// Drawing again only what has changed: what stays keeps its node, and with it the focus, an open menu, a selection.

import { renderBlocks } from "./blocks.js";

/** Have a node hold exactly these, in order, with as little moved as possible: a moved node loses its focus. */
export function arrange(node, wanted) {
  const keep = new Set(wanted);
  for (const child of [...node.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((each, index) => {
    if (node.children[index] !== each) node.insertBefore(each, node.children[index] ?? null);
  });
}

/** A node whose parts are known by keys. */
export class Patchwork {
  #parts = new Map();

  constructor(node) {
    this.node = node;
  }

  /** @param {Array<[string, function(): Node]>} wanted each part's key, and how to make it if it is not there */
  show(wanted) {
    this.#parts = new Map(wanted.map(([key, make]) => [key, this.#parts.get(key) ?? make()]));
    arrange(this.node, [...this.#parts.values()]);
  }
}

/** Blocks as parts: each is its own key, ids and all. */
export function blockParts(blocks, ctx) {
  return (blocks ?? []).map((block) => [JSON.stringify(block), () => renderBlocks([block], ctx)[0]]);
}
