// The app's Home: one view, kept current by what the bot publishes.

import { h, refill } from "./dom.js";
import { keepFocus } from "./focus.js";
import { blockParts, Patchwork } from "./patch.js";
import { surface } from "./surface.js";
import { Values } from "./values.js";

export class Home {
  #values = new Values();
  #blocks = new Patchwork(h("div", { class: "home-blocks" }));

  constructor(app) {
    this.app = app;
    this.node = h("div", {
      class: "home",
      role: "tabpanel",
      "aria-label": "Home",
      "aria-busy": "true",
      tabindex: "0",
      "data-testid": "home",
    });
    refill(
      this.node,
      [1, 2, 3].map((each) =>
        h("div", { class: `ghost ghost-${each}`, "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {})),
      ),
    );
  }

  /** Open it: the bot hears app_home_opened; what it publishes comes as a push. */
  async load() {
    try {
      const { view } = await this.app.link.ask("home");
      // A newer one may have come as a push before this answer.
      if (view || this.node.getAttribute("aria-busy") === "true") this.show(view);
    } catch (error) {
      this.app.toast(error.message);
    }
  }

  show(view) {
    this.node.setAttribute("aria-busy", "false");
    if (!view) {
      refill(
        this.node,
        h(
          "div",
          { class: "empty" },
          h("p", { class: "empty-title" }, `${this.app.world.bot.name} has not written a Home for you yet.`),
          h("p", {}, "It usually does so within a second of your opening this tab."),
        ),
      );
      return;
    }
    const ctx = surface(this.app, { type: "home", view_id: view.id }, this.#values.adopt(view.blocks));
    keepFocus(this.node, () => {
      if (!this.node.contains(this.#blocks.node)) refill(this.node, this.#blocks.node);
      this.#blocks.show(blockParts(view.blocks, ctx));
      return this.node;
    });
  }
}
