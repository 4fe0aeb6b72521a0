// The person's own files: what they sent to the app by a form. Deleting one here deletes it for the app as well.

import { fileCard } from "./attached.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";

export class FilesPanel {
  constructor(app) {
    this.app = app;
    this.list = h("ul", { class: "attached", "aria-live": "polite", "data-testid": "my-files" });
    this.node = h("div", { class: "tools-body files-panel" }, this.list);
    this.load();
  }

  async load() {
    try {
      const { files } = await this.app.link.ask("files");
      refill(this.list, files.length ? files.map((file) => fileCard(file, this.app)) : this.#none());
    } catch {
      // The banner already says that the connection is lost.
    }
  }

  #none() {
    return h(
      "li",
      { class: "empty" },
      icon("file"),
      h("p", { class: "empty-title" }, "No files"),
      h("p", {}, `What ${this.app.me.name} sends with a form stands here until it is deleted.`),
    );
  }
}
