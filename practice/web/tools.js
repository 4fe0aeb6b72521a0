// What lies beside the workspace on the desk: mailbox, phone, files, sign-in page. They stay usable while a modal is open,
// for that is when one needs the phone.

import { h, refill, spoken } from "./dom.js";
import { FilesPanel } from "./filespanel.js";
import { icon } from "./icons.js";
import { Mailbox } from "./mailbox.js";
import { Phone } from "./phone.js";
import { SignIn } from "./signin.js";

const TOOLS = [
  { id: "mailbox", name: "Mailbox", picture: "mail", make: (app) => new Mailbox(app) },
  { id: "phone", name: "Phone", picture: "phone", make: (app) => new Phone(app) },
  { id: "files", name: "Files", picture: "file", make: (app) => new FilesPanel(app) },
  { id: "signin", name: "Sign in", picture: "door", make: (app) => new SignIn(app) },
];

export class Tools {
  #open = null;
  #mails = 0;

  constructor(app) {
    this.app = app;
    this.panel = document.getElementById("tools");
    this.dock = document.getElementById("dock");
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      const { id } = this.#open;
      this.toggle(null);
      this.dock.querySelector(`[data-testid=tab-${id}]`).focus();
    });
  }

  /** Draw the bar, and what was open again: another person has another phone and another mailbox. */
  show() {
    const shown = TOOLS.filter((each) => each.id !== "signin" || this.app.world.features?.sign_in !== false);
    const back = h(
      "button",
      {
        type: "button",
        class: "dock-item dock-back",
        "data-testid": "tab-workspace",
        onclick: () => this.toggle(null),
      },
      icon("chat"),
      "Workspace",
    );
    refill(
      this.dock,
      back,
      shown.map((each) => this.#tab(each)),
    );
    this.#mails = 0;
    const again = shown.find((each) => each.id === this.#open?.id);
    this.#open?.tool.leave?.();
    this.#open = null;
    this.toggle(again?.id ?? null);
  }

  #tab(each) {
    return h(
      "button",
      {
        type: "button",
        class: "dock-item",
        "aria-expanded": "false",
        "aria-controls": "tools",
        "data-testid": `tab-${each.id}`,
        onclick: () => this.toggle(this.#open?.id === each.id ? null : each.id),
      },
      icon(each.picture),
      each.name,
      each.id === "mailbox" && h("span", { class: "count", "data-testid": "mail-count", hidden: true }),
    );
  }

  /** Open a tool by its id, or none. */
  toggle(id) {
    this.#open?.tool.leave?.();
    const each = TOOLS.find((one) => one.id === id);
    this.#open = each ? { id, tool: each.make(this.app) } : null;
    this.panel.hidden = !each;
    this.panel.className = `tools tools-${id ?? "none"}`;
    document.body.classList.toggle("tool-open", Boolean(each));
    for (const tab of this.dock.children) {
      const own = tab.dataset.testid === `tab-${id ?? "workspace"}`;
      if (tab.hasAttribute("aria-expanded")) tab.setAttribute("aria-expanded", String(own));
      tab.classList.toggle("here", own);
    }
    if (!each) return;
    const close = h(
      "button",
      { type: "button", class: "btn btn-icon", "aria-label": `Close ${each.name}`, onclick: () => this.toggle(null) },
      icon("close"),
    );
    this.panel.setAttribute("aria-label", each.name);
    refill(
      this.panel,
      h("header", { class: "tools-head" }, icon(each.picture), h("h2", {}, each.name), close),
      this.#open.tool.node,
    );
    if (id === "mailbox") this.#count(0);
  }

  /** A file of this person's has come, or has gone. */
  files() {
    if (this.#open?.id === "files") this.#open.tool.load();
  }

  /** A mail has come. */
  mail() {
    if (this.#open?.id === "mailbox") this.#open.tool.load();
    else this.#count(this.#mails + 1);
  }

  #count(number) {
    this.#mails = number;
    const badge = this.dock.querySelector("[data-testid=mail-count]");
    badge.hidden = number === 0;
    refill(badge, String(number), spoken(number === 1 ? " new mail" : " new mails"));
  }
}
