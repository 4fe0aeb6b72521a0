// Whether the bot hears what is said here, and whether this page is connected at all.

import { h } from "./dom.js";

export class Status {
  constructor(app) {
    this.app = app;
    this.words = h("span", {});
    this.node = h(
      "p",
      { class: "status", role: "status", "data-testid": "bot-status", "data-state": "waiting" },
      h("span", { class: "status-dot", "aria-hidden": "true" }),
      this.words,
    );
    this.#say("waiting", "Connecting…");
  }

  /** The bot's connection, as the server reports it. */
  show(connected) {
    const { name } = this.app.world.bot;
    if (connected) this.#say("up", `${name} is connected`);
    else this.#say("down", `${name} is not connected – commands and buttons will fail`);
  }

  /** This page has lost the server. */
  lost() {
    this.#say("lost", "Lost the practice server – trying again…");
  }

  #say(state, text) {
    this.node.dataset.state = state;
    this.words.textContent = text;
  }
}
