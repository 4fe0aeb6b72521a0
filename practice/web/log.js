// The messages of one conversation: in order, grouped by author, divided by day, scrolled to where one reads.

import { dateOf, dayWords } from "./dates.js";
import { h } from "./dom.js";
import { keepFocus } from "./focus.js";
import { renderMessage, renewMessage } from "./message.js";
import { arrange } from "./patch.js";

const TOGETHER = 300; // seconds within which one author's messages stand under one name
const NEAR = 120; // pixels from the end that still count as reading the end

export class MessageLog {
  #rows = new Map();
  #threads = new Map();
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
    const there = new Set(messages.map((message) => message.ts));
    for (const ts of this.#rows.keys()) if (!there.has(ts)) this.#rows.delete(ts);
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
    // What changes further up, again and again perhaps, must not scroll; a new message, or the last one growing, does.
    const settled = this.#rows.has(message.ts) && this.#list.lastChild !== this.#rows.get(message.ts).node;
    const follow = !settled && (this.#atEnd || message.user === this.app.me.id);
    this.#still(() =>
      keepFocus(this.#rows.get(message.ts)?.node, () => {
        this.#row(message);
        this.#arrange();
        return this.#rows.get(message.ts).node;
      }),
    );
    if (follow) this.#toEnd();
  }

  drop(ts) {
    this.#rows.delete(ts);
    this.#still(() => this.#arrange());
  }

  /** Change something, and leave what the reader holds or reads where it stands in the window. */
  #still(change) {
    const active = this.#list.contains(document.activeElement) ? document.activeElement : null;
    const top = this.node.getBoundingClientRect().top;
    const read = [...this.#list.querySelectorAll(".message")].find((each) => each.getBoundingClientRect().bottom > top);
    const held = [active, active?.closest(".message"), read].filter((each) => each);
    const before = held.map((each) => each.getBoundingClientRect().top);
    change();
    const index = held.findIndex((each) => each.isConnected);
    if (index >= 0) this.node.scrollTop += held[index].getBoundingClientRect().top - before[index];
  }

  #row(message) {
    const known = this.#rows.get(message.ts);
    if (known) {
      known.message = message;
      renewMessage(known, message, this.app);
      return;
    }
    const drawn = renderMessage(message, this.conversation.id, this.app, { dismiss: () => this.drop(message.ts) });
    this.#rows.set(message.ts, { message, ...drawn });
  }

  /** Order, dividers, grouping and threads. */
  #arrange() {
    const wanted = [];
    let before = null;
    const rows = [...this.#rows.values()].sort((a, b) => Number(a.message.ts) - Number(b.message.ts));
    const inThread = (row) => isReply(row.message) && this.#rows.has(row.message.thread_ts);
    const replies = Map.groupBy(rows.filter(inThread), (row) => row.message.thread_ts);
    for (const ts of this.#threads.keys()) if (!replies.has(ts)) this.#threads.delete(ts);
    for (const row of rows.filter((each) => !inThread(each))) {
      const day = dayWords(dateOf(row.message.ts));
      const newDay = before === null || day !== before.day;
      if (newDay) wanted.push(h("div", { class: "day", role: "separator", "aria-label": day }, h("span", {}, day)));
      row.node.classList.toggle("follows", !newDay && together(before.row, row));
      wanted.push(row.node);
      before = { row, day };
      if (replies.has(row.message.ts)) {
        wanted.push(this.#thread(row.message.ts, replies.get(row.message.ts)));
        before.row = null; // after a thread the author is named again
      }
    }
    arrange(this.#list, wanted);
  }

  /** The replies to a message, under it; folded or not as the reader left it. */
  #thread(ts, rows) {
    if (!this.#threads.has(ts)) {
      const words = h("summary", { class: "thread-words", "data-testid": "thread-words" });
      const list = h("div", { class: "thread-list" });
      const node = h("details", { class: "thread", open: true, "data-testid": "thread", "data-ts": ts }, words, list);
      this.#threads.set(ts, { node, words, list });
    }
    const { node, words, list } = this.#threads.get(ts);
    words.textContent = rows.length === 1 ? "1 reply" : `${rows.length} replies`;
    rows.forEach((row, index) => row.node.classList.toggle("follows", index > 0 && together(rows[index - 1], row)));
    arrange(
      list,
      rows.map((row) => row.node),
    );
    return node;
  }
}

/** Whether a message stands in the thread of another. */
export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

function together(above, below) {
  if (above === null) return false;
  const near = Number(below.message.ts) - Number(above.message.ts) < TOGETHER;
  return near && above.author.id === below.author.id && !above.message.ephemeral && !below.message.ephemeral;
}
