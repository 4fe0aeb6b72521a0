// The phone of the person viewed: an authenticator app with the codes of this moment.

import { copy, h, refill } from "./dom.js";
import { icon, ring } from "./icons.js";

const TICK = 250; // milliseconds
const AGAIN = 10_000; // milliseconds; the clock of the server is the one that counts

export class Phone {
  #cards = [];
  #asked = 0;
  #loading = false;

  constructor(app) {
    this.app = app;
    this.screen = h("div", { class: "phone-screen", "aria-live": "off", "aria-busy": "true" });
    this.node = h(
      "div",
      { class: "tools-body phone" },
      h(
        "div",
        { class: "handset", "data-testid": "phone" },
        h("div", { class: "handset-top" }),
        h("h3", { class: "phone-title" }, "Authenticator"),
        this.screen,
        h("div", { class: "handset-bar" }),
      ),
    );
    this.load();
    this.timer = setInterval(() => this.#tick(), TICK);
  }

  leave() {
    clearInterval(this.timer);
  }

  async load() {
    if (this.#loading) return;
    this.#loading = true;
    this.#asked = performance.now();
    try {
      const { codes } = await this.app.link.ask("phone");
      this.screen.setAttribute("aria-busy", "false");
      this.#show(codes);
    } catch {
      // The banner already says that the connection is lost; the next tick tries again.
    } finally {
      this.#loading = false;
    }
  }

  #show(codes) {
    const now = performance.now();
    if (codes.length === 0) {
      this.#cards = [];
      refill(
        this.screen,
        h(
          "div",
          { class: "empty" },
          icon("phone"),
          h("p", { class: "empty-title" }, "No codes on this phone"),
          h(
            "p",
            {},
            `${this.app.me.name} has not set up an authenticator. IT admins have one: choose one of them under “Viewing as”.`,
          ),
        ),
      );
      return;
    }
    const same =
      codes.length === this.#cards.length &&
      codes.every(
        (code, index) => this.#cards[index].account === code.account && this.#cards[index].issuer === code.issuer,
      );
    if (!same) {
      this.#cards = codes.map((code) => this.#card(code));
      refill(
        this.screen,
        this.#cards.map((card) => card.node),
      );
    }
    codes.forEach((code, index) => {
      const card = this.#cards[index];
      card.until = now + code.seconds_left * 1000;
      card.period = code.period ?? 30;
      card.code.dataset.code = code.code;
      card.code.textContent = code.code.replace(/^(\d{3})(\d{3})$/, "$1 $2");
    });
    this.#tick();
  }

  #card({ issuer, account }) {
    const code = h("output", { class: "totp-code", "data-testid": "totp-code" });
    const left = h("span", { class: "totp-left" });
    const clock = h("span", { class: "totp-clock" }, ring(), left);
    const take = async () =>
      this.app.toast((await copy(code.dataset.code)) ? "Code copied" : "This browser does not allow copying", "good");
    const node = h(
      "div",
      { class: "totp", role: "group", "aria-label": `${issuer}, ${account}` },
      h("p", { class: "totp-issuer" }, issuer),
      h("p", { class: "totp-account" }, account),
      h("div", { class: "totp-row" }, code, clock),
      h(
        "button",
        { type: "button", class: "btn", "data-testid": "totp-copy", onclick: take },
        icon("copy"),
        "Copy code",
      ),
    );
    return { issuer, account, node, code, left, clock, until: 0, period: 30 };
  }

  #tick() {
    const now = performance.now();
    for (const card of this.#cards) {
      const seconds = Math.max(0, (card.until - now) / 1000);
      card.left.textContent = String(Math.ceil(seconds));
      card.clock.setAttribute("aria-label", `${Math.ceil(seconds)} seconds left`);
      card.clock.style.setProperty("--left", seconds / card.period);
      card.node.classList.toggle("soon", seconds <= 5);
      if (seconds === 0) this.load();
    }
    if (now - this.#asked > AGAIN) this.load();
  }
}
