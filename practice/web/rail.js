// The left rail: workspace, channels, direct messages, apps. On a narrow window it is a drawer.

import { h, refill, spoken } from "./dom.js";
import { icon } from "./icons.js";
import { appAvatar, avatar, kindWords } from "./people.js";

const SECTIONS = [
  ["channel", "Channels"],
  ["dm", "Direct messages"],
  ["app", "Apps"],
];

export class Rail {
  constructor(app) {
    this.app = app;
    this.node = document.getElementById("rail");
    document.getElementById("rail-shade").addEventListener("click", () => this.drawer(false));
    this.node.addEventListener("keydown", (event) => this.#steer(event));
  }

  show() {
    const { app } = this;
    const at = this.node.contains(document.activeElement) ? document.activeElement.dataset.conversation : null;
    const { workspace, conversations } = app.world;
    const sections = SECTIONS.map(([kind, title]) => {
      const rows = conversations.filter((each) => each.kind === kind);
      if (rows.length === 0) return null;
      return h(
        "section",
        {},
        h("h2", { class: "rail-title" }, title),
        h(
          "ul",
          {},
          rows.map((each) => h("li", {}, this.#row(each))),
        ),
      );
    });
    refill(
      this.node,
      h(
        "div",
        { class: "rail-head" },
        h("span", { class: "workspace-name", "data-testid": "workspace-name" }, workspace.name),
        h("span", { class: "rail-practice" }, "Practice"),
      ),
      h("div", { class: "rail-scroll" }, sections),
      h(
        "div",
        { class: "rail-me" },
        avatar(app.me),
        h(
          "span",
          { class: "rail-me-words" },
          h("b", {}, app.me.name),
          h("span", {}, app.me.title || kindWords(app.me)),
        ),
      ),
    );
    if (at) this.node.querySelector(`[data-conversation="${CSS.escape(at)}"]`)?.focus();
  }

  #row(conversation) {
    const { app } = this;
    const unread = app.unread.get(conversation.id) ?? 0;
    const here = app.here?.id === conversation.id;
    return h(
      "button",
      {
        type: "button",
        class: unread ? "rail-item unread" : "rail-item",
        "aria-current": here ? "page" : null,
        "data-conversation": conversation.id,
        "data-testid": `conversation-${conversation.id}`,
        "data-name": conversation.name,
        onclick: () => {
          this.drawer(false);
          app.go(conversation.id);
        },
      },
      this.#picture(conversation),
      h("span", { class: "rail-name" }, conversation.name),
      conversation.shared &&
        h(
          "span",
          { class: "rail-shared", title: "Shared with another organisation" },
          icon("shared"),
          spoken(", shared with another organisation"),
        ),
      unread > 0 && h("span", { class: "count" }, String(unread), spoken(" unread")),
    );
  }

  #picture(conversation) {
    if (conversation.kind === "app") return appAvatar(this.app.world.bot, "tiny");
    if (conversation.kind === "channel") return icon(conversation.private ? "lock" : "hash");
    const person = this.app.world.people.find(
      (each) => each.id === conversation.user || each.name === conversation.name,
    );
    return avatar(person ?? { id: conversation.id, name: conversation.name }, "tiny");
  }

  /** Open or close the drawer (narrow windows only; elsewhere the rail always stands). */
  drawer(open) {
    document.body.classList.toggle("drawer-open", open);
    document.querySelector("[data-testid=drawer]")?.setAttribute("aria-expanded", String(open));
    if (open) this.node.querySelector("[aria-current], button")?.focus();
  }

  #steer(event) {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) {
      this.drawer(false);
      document.querySelector("[data-testid=drawer]")?.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...this.node.querySelectorAll(".rail-item")];
    const at = rows.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    rows[(at + step + rows.length) % rows.length].focus();
  }
}
