// The company's own sign-in page, small: does the new password work?

import { h, refill } from "./dom.js";
import { icon } from "./icons.js";

export class SignIn {
  constructor(app) {
    this.app = app;
    this.login = h("input", {
      class: "field",
      id: "signin-login",
      name: "login",
      type: "text",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      "data-testid": "signin-login",
    });
    this.password = h("input", {
      class: "field",
      id: "signin-password",
      name: "password",
      type: "password",
      autocomplete: "off",
      "data-testid": "signin-password",
    });
    this.result = h("div", { class: "signin-result", role: "status", "data-testid": "signin-result" });
    this.button = h(
      "button",
      { type: "submit", class: "btn btn-primary btn-wide", "data-testid": "signin-submit" },
      "Sign in",
    );
    this.node = h(
      "div",
      { class: "tools-body signin" },
      h(
        "form",
        { class: "portal", onsubmit: (event) => this.#try(event) },
        h(
          "div",
          { class: "portal-head" },
          icon("door"),
          h("h3", {}, `${app.world.workspace.name} portal`),
          h("p", {}, "Sign in with your directory account"),
        ),
        h("label", { class: "label", for: "signin-login" }, "Login or e-mail"),
        this.login,
        h("label", { class: "label", for: "signin-password" }, "Password"),
        h("div", { class: "field-row" }, this.password, this.#reveal()),
        this.button,
        this.result,
      ),
      h(
        "p",
        { class: "tools-note" },
        "This asks the practice directory itself, so a new password works here as soon as it is set.",
      ),
    );
  }

  #reveal() {
    return h(
      "button",
      {
        type: "button",
        class: "btn btn-icon",
        "aria-label": "Show the password",
        "aria-pressed": "false",
        onclick: (event) => {
          const shown = this.password.type === "text";
          this.password.type = shown ? "password" : "text";
          event.currentTarget.setAttribute("aria-pressed", String(!shown));
        },
      },
      icon("eye"),
    );
  }

  async #try(event) {
    event.preventDefault();
    if (this.button.getAttribute("aria-busy") === "true") return;
    this.button.setAttribute("aria-busy", "true");
    refill(this.result);
    try {
      const answer = await this.app.link.ask("sign_in", {
        login: this.login.value.trim(),
        password: this.password.value,
      });
      this.#say(true, answer);
    } catch (error) {
      this.#say(false, { words: error.message });
    } finally {
      this.button.removeAttribute("aria-busy");
    }
  }

  #say(ok, answer) {
    const kind = ok ? (answer.must_change ? "must-change" : "ok") : "failed";
    this.result.dataset.outcome = kind;
    refill(
      this.result,
      h(
        "div",
        { class: `outcome outcome-${kind}` },
        icon(ok ? "check" : "warn"),
        h(
          "div",
          {},
          h("b", {}, ok ? "Signed in" : "Not signed in"),
          h("p", {}, answer.words || (answer.must_change ? "A new password must be chosen before going on." : "")),
        ),
      ),
    );
  }
}
