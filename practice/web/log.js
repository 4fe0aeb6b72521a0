// The messages of one conversation: in order, grouped by author, divided by day, scrolled to where one reads.

import { dateOf, dayWords } from "./dates.js";
import { h } from "./dom.js";
import { keepFocus } from "./focus.js";
import { renderMessage } from "./message.js";

const TOGETHER = 300; // seconds within which one author's messages stand under one name
const NEAR = 120; // pixels from the end that still count as reading the end

export class MessageLog {
  #rows = new Map();
  #list = h("div", { class: "log-list" });
  #atEnd = true;

  /** @param {Object} app @param {Object} conversation @param {?Node} beginning shown above the first message */
  constructor(app, conversation, beginning) {
    this.app = app;
    this.conversation = conversation;
    this.node = h(
      "div",
      {
        class: "log",
        role: "log",
        "aria-label": `Messages in ${conversation.name}`,
        "aria-busy": "true",
        tabindex: "0",
        "data-testid": "messages",
      },
      h("div", { class: "log-push" }),
      beginning,
      this.#list,
    );
    this.node.addEventListener("scroll", () => {
      this.#atEnd = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR;
    });
    // A panel that opens beside it, or a keyboard on a phone, must not push the last message out of sight.
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.node);
    this.#list.append(
      ...[1, 2, 3].map((each) =>
        h("div", { class: `ghost ghost-${each}`, "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {})),
      ),
    );
  }

  /** All messages, from the server. */
  load(messages) {
    this.#rows.clear();
    for (const message of messages) this.#row(message);
    this.node.setAttribute("aria-busy", "false");
    this.#arrange();
    this.#toEnd();
  }

  #toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** A new or a changed message. */
  put(message) {
    const follow = this.#atEnd || message.user === this.app.me.id;
    keepFocus(this.#rows.get(message.ts)?.node, () => {
      this.#row(message);
      this.#arrange();
      return this.#rows.get(message.ts).node;
    });
    if (follow) this.#toEnd();
  }

  drop(ts) {
    this.#rows.delete(ts);
    this.#arrange();
  }

  #row(message) {
    const values = this.#rows.get(message.ts)?.values;
    this.#rows.set(message.ts, {
      message,
      ...renderMessage(message, this.conversation.id, this.app, { values, dismiss: () => this.drop(message.ts) }),
    });
  }

  /** Order, dividers and grouping, with as little moved as possible (a moved node loses its focus). */
  #arrange() {
    const wanted = [];
    let before = null;
    for (const row of [...this.#rows.values()].sort((a, b) => Number(a.message.ts) - Number(b.message.ts))) {
      const day = dayWords(dateOf(row.message.ts));
      const newDay = before === null || day !== before.day;
      if (newDay) wanted.push(h("div", { class: "day", role: "separator", "aria-label": day }, h("span", {}, day)));
      row.node.classList.toggle("follows", !newDay && together(before.row, row));
      wanted.push(row.node);
      before = { row, day };
    }
    const keep = new Set(wanted);
    for (const child of [...this.#list.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, index) => {
      if (this.#list.children[index] !== node) this.#list.insertBefore(node, this.#list.children[index] ?? null);
    });
  }
}

function together(above, below) {
  const near = Number(below.message.ts) - Number(above.message.ts) < TOGETHER;
  return near && above.author.id === below.author.id && !above.message.ephemeral && !below.message.ephemeral;
}
