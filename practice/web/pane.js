// The middle: one conversation with its header, its messages and the composer; for the app also its Home.

import { Composer } from "./composer.js";
import { h, refill } from "./dom.js";
import { Home } from "./home.js";
import { icon } from "./icons.js";
import { MessageLog } from "./log.js";
import { appAvatar, avatar } from "./people.js";

export class Pane {
  constructor(app) {
    this.app = app;
    this.node = document.getElementById("pane");
    this.log = null;
    this.home = null;
  }

  /** Show a conversation; `tab` is "home" or "messages" and counts for the app only. */
  async show(conversation, tab) {
    this.conversation = conversation;
    this.tab = conversation.kind === "app" ? tab : "messages";
    this.log = null;
    this.home = null;
    this.node.setAttribute("aria-label", conversation.name);
    if (this.tab === "home") {
      this.home = new Home(this.app);
      refill(this.node, this.#header(), this.home.node);
      await this.home.load();
    } else {
      const log = new MessageLog(this.app, conversation, this.#beginning());
      this.log = log;
      this.composer = new Composer(this.app, conversation);
      refill(this.node, this.#header(), log.node, this.composer.node);
      await this.reload(log);
    }
  }

  /** Go to where one writes. */
  focus() {
    if (this.log) this.composer.input.focus();
  }

  /** Ask for the messages again, keeping what is typed. */
  async reload(log = this.log) {
    if (!log) return;
    try {
      const { messages } = await this.app.link.ask("history", { channel: this.conversation.id });
      if (log === this.log) log.load(messages);
    } catch (error) {
      this.app.toast(error.message);
    }
  }

  #header() {
    const { app, conversation } = this;
    const { kind, name } = conversation;
    const people = conversation.members?.length;
    return h(
      "header",
      { class: "pane-head" },
      h(
        "button",
        {
          type: "button",
          class: "btn btn-icon drawer-button",
          "aria-label": "Conversations",
          "aria-expanded": "false",
          "aria-controls": "rail",
          "data-testid": "drawer",
          onclick: () => app.rail.drawer(true),
        },
        icon("menu"),
      ),
      this.#picture(),
      h("h1", { "data-testid": "conversation-name" }, name),
      kind === "app" && h("span", { class: "tag tag-app" }, "APP"),
      conversation.shared &&
        h("span", { class: "tag tag-stranger" }, icon("shared"), "Shared with another organisation"),
      people > 0 && h("span", { class: "pane-members" }, `${people} members`),
      kind === "app" && app.world.features?.home !== false && this.#tabs(),
    );
  }

  #picture() {
    const { kind, name, user } = this.conversation;
    if (kind === "app") return appAvatar(this.app.world.bot, "small");
    if (kind === "channel") return icon(this.conversation.private ? "lock" : "hash");
    const person = this.app.world.people.find((each) => each.id === user || each.name === name);
    return avatar(person ?? { id: name, name }, "small");
  }

  #tabs() {
    const tab = (id, words) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          "aria-selected": String(this.tab === id),
          tabindex: this.tab === id ? "0" : "-1",
          "data-testid": `app-tab-${id}`,
          onclick: () => this.app.go(this.conversation.id, id),
        },
        words,
      );
    const steer = (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      this.app.go(this.conversation.id, this.tab === "home" ? "messages" : "home");
      this.node.querySelector("[role=tab][aria-selected=true]").focus();
    };
    return h(
      "div",
      { class: "pane-tabs", role: "tablist", "aria-label": this.conversation.name, onkeydown: steer },
      tab("home", "Home"),
      tab("messages", "Messages"),
    );
  }

  #beginning() {
    const { app, conversation } = this;
    const { kind, name } = conversation;
    const words = {
      channel: `This is the very beginning of #${name}.`,
      dm: `This is the beginning of your messages with ${name}.`,
      app: `Here ${name} writes to you alone. Nobody else can see it.`,
    }[kind];
    const tries = (app.world.commands ?? []).map((each) =>
      h(
        "button",
        {
          type: "button",
          class: "btn btn-small",
          "data-testid": "try",
          onclick: () => this.composer.put(`${each.command} `),
        },
        icon("slash"),
        each.command.slice(1),
      ),
    );
    return h(
      "div",
      { class: "beginning" },
      h("p", { class: "beginning-title" }, this.#picture(), kind === "channel" ? name : words),
      kind === "channel" && h("p", {}, words),
      tries.length > 0 && h("p", { class: "tries" }, "To practise, type a command: ", tries),
    );
  }
}
