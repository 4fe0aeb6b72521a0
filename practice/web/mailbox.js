// The mailbox of the person viewed: a list, and the mail that is read.

import { listDate, whole } from "./dates.js";
import { h, refill, spoken } from "./dom.js";
import { icon } from "./icons.js";
import { mailBody } from "./mailhtml.js";

const AGAIN = 4000; // milliseconds; the server tells only of a person's own mail, not of everybody's
const read = new Set(); // ids of mails that were opened, as long as the page lives

export class Mailbox {
  #mails = [];
  #at = null;
  #all = false;

  constructor(app) {
    this.app = app;
    this.list = h("ul", { class: "mail-list", "aria-label": "Mails", "data-testid": "mail-list" });
    this.reading = h("article", { class: "mail-read", tabindex: "-1", "aria-label": "Mail", "data-testid": "mail" });
    const everybody = (event) => {
      this.#all = event.target.checked;
      this.load();
    };
    const tick = h("input", { type: "checkbox", "data-testid": "whole-mailbox", onchange: everybody });
    this.whose = h("span", { class: "mail-whose" });
    this.box = h(
      "div",
      { class: "mailbox" },
      h(
        "div",
        { class: "mail-bar" },
        this.whose,
        h("label", { class: "choice" }, tick, h("span", { class: "choice-words" }, "Whole mailbox")),
      ),
      h("div", { class: "mail-panes" }, this.list, this.reading),
    );
    this.node = h("div", { class: "tools-body mail-frame" }, this.box);
    this.timer = setInterval(() => this.#all && this.load(), AGAIN);
    this.load();
  }

  leave() {
    clearInterval(this.timer);
  }

  async load() {
    try {
      const { mails } = await this.app.link.ask("mailbox", { all: this.#all });
      this.#mails = mails;
      this.#show();
    } catch (error) {
      this.app.toast(error.message);
    }
  }

  #show() {
    refill(this.whose, this.#all ? "Everybody’s mail on this machine" : this.app.me.mail || this.app.me.name);
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.mail : null;
    refill(
      this.list,
      this.#mails.map((mail) => h("li", {}, this.#row(mail))),
    );
    if (focused) this.list.querySelector(`[data-mail="${CSS.escape(focused)}"]`)?.focus();
    const current = this.#mails.find((mail) => mail.id === this.#at);
    this.box.classList.toggle("reading", Boolean(current));
    if (this.#mails.length === 0) {
      refill(
        this.reading,
        h(
          "div",
          { class: "empty" },
          icon("mail"),
          h("p", { class: "empty-title" }, "No mail yet"),
          h("p", {}, "What Rekey sends by e-mail arrives here, and goes nowhere else."),
        ),
      );
    } else if (!current) {
      refill(this.reading, h("div", { class: "empty" }, h("p", {}, "Choose a mail to read it.")));
    } else if (this.reading.dataset.mail !== current.id) this.#open(current);
  }

  #row(mail) {
    const when = new Date(mail.date);
    const fresh = !read.has(mail.id);
    return h(
      "button",
      {
        type: "button",
        class: fresh ? "mail-row fresh" : "mail-row",
        "aria-current": mail.id === this.#at ? "true" : null,
        "data-mail": mail.id,
        "data-testid": "mail-row",
        onclick: () => {
          this.#at = mail.id;
          read.add(mail.id);
          this.#show();
          this.reading.focus({ preventScroll: true });
        },
      },
      h("span", { class: "mail-from" }, fresh && spoken("Unread, "), nameOf(mail.from)),
      h("time", { class: "mail-date", datetime: mail.date }, listDate(when)),
      h("span", { class: "mail-subject" }, mail.subject || "(no subject)"),
      this.#all && h("span", { class: "mail-to" }, `to ${listOf(mail.to)}`),
    );
  }

  #open(mail) {
    this.reading.dataset.mail = mail.id;
    const body = h("div", { class: "mail-body", "data-testid": "mail-body" });
    const show = (kind) => {
      refill(body, kind === "html" ? mailBody(mail.html) : h("pre", { class: "mail-text" }, mail.text));
      for (const each of kinds.children) each.setAttribute("aria-pressed", String(each.dataset.kind === kind));
    };
    const both = Boolean(mail.html && mail.text);
    const kinds = h(
      "div",
      { class: "mail-kinds", role: "group", "aria-label": "Show the mail as", hidden: !both },
      [
        ["html", "Formatted"],
        ["text", "Plain text"],
      ].map(([kind, name]) =>
        h("button", { type: "button", class: "btn btn-small", "data-kind": kind, onclick: () => show(kind) }, name),
      ),
    );
    const back = h(
      "button",
      {
        type: "button",
        class: "textual mail-back",
        onclick: () => {
          this.#at = null;
          this.reading.dataset.mail = "";
          this.#show();
          this.list.querySelector("button")?.focus();
        },
      },
      icon("back"),
      "All mail",
    );
    const line = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    refill(
      this.reading,
      back,
      h("h3", { class: "mail-title" }, mail.subject || "(no subject)"),
      h(
        "dl",
        { class: "mail-head" },
        line("From", mail.from),
        line("To", listOf(mail.to)),
        line("Date", whole(new Date(mail.date))),
      ),
      kinds,
      body,
    );
    show(mail.html ? "html" : "text");
  }
}

const listOf = (value) => (Array.isArray(value) ? value.join(", ") : value);
const nameOf = (address) => address.replace(/\s*<[^>]*>\s*$/, "").replace(/^"|"$/g, "") || address;
