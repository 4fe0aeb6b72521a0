// A select that can be searched: an input with a listbox, for one option or several (chips).

import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { OptionList } from "./options.js";

/**
 * @typedef {{text: Object, value: string, description?: Object}} Option Slack's option object
 * @typedef {Object} Wants
 * @property {string} [id] of the input, for a label's "for"
 * @property {string} [label] the accessible name where no label points here
 * @property {?string} describedBy
 * @property {string} placeholder
 * @property {boolean} multi
 * @property {number} [most] options at most (multi)
 * @property {number} least letters before `source` is asked
 * @property {Option[]} chosen
 * @property {boolean} remote ask `source` for every text, after a short rest
 * @property {function(string): Promise<Array<{label: ?string, options: Option[]}>>} source
 * @property {function(Option): string} name
 * @property {function(Option): ?Node} [picture]
 * @property {function(Option[]): Promise<boolean>|void} onchange false: take the choice back
 */
export class Combobox {
  #wants;
  #list;
  #chips = h("ul", { class: "chips" });
  #rest = 0;
  #typed = false;

  /** @param {Wants} wants */
  constructor(wants) {
    this.#wants = wants;
    this.chosen = wants.chosen;
    this.#list = new OptionList({ name: wants.name, picture: wants.picture, onpick: (option) => this.#pick(option) });
    this.input = h("input", {
      id: wants.id ?? uid("combo"),
      class: "combo-input",
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-label": wants.label,
      "aria-describedby": wants.describedBy,
      oninput: () => {
        this.#typed = true;
        this.#open();
      },
      onkeydown: (event) => this.#key(event),
      onfocus: () => this.input.select(),
      onblur: () => this.#close(),
    });
    this.node = h(
      "div",
      { class: wants.multi ? "combo combo-multi" : "combo", onclick: (event) => this.#press(event) },
      wants.multi && this.#chips,
      this.input,
      icon("down"),
    );
    this.#show();
  }

  #show() {
    const { multi, name, placeholder } = this.#wants;
    this.#typed = false;
    this.input.value = multi || !this.chosen[0] ? "" : name(this.chosen[0]);
    this.input.placeholder = multi && this.chosen.length ? "" : placeholder;
    if (!multi) return;
    this.#chips.replaceChildren(...this.chosen.map((option) => this.#chip(option)));
    this.#chips.hidden = this.chosen.length === 0;
  }

  #chip(option) {
    const label = this.#wants.name(option);
    const drop = () => this.#change(this.chosen.filter((each) => each.value !== option.value));
    return h(
      "li",
      { class: "chip" },
      label,
      h("button", { type: "button", "aria-label": `Remove ${label}`, onclick: drop }, icon("close")),
    );
  }

  #press(event) {
    if (event.target.closest("button")) return;
    this.input.focus();
    this.#open();
  }

  async #open() {
    const query = this.#typed ? this.input.value.trim() : "";
    const { least, source, remote, multi, most } = this.#wants;
    const anchor = this.node;
    this.#list.open(anchor, this.input);
    clearTimeout(this.#rest);
    if (multi && most && this.chosen.length >= most) return this.#list.say(`At most ${most} can be chosen.`);
    if (query.length < least)
      return this.#list.say(least === 1 ? "Type to search." : `Type at least ${least} letters to search.`);
    if (remote) {
      this.#list.say("Searching…", true);
      await new Promise((go) => {
        this.#rest = setTimeout(go, 160);
      });
    }
    return this.#list.show(
      source(query),
      this.chosen.map((each) => each.value),
      query,
    );
  }

  #key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.#list.isOpen) this.#list.move(event.key === "ArrowDown" ? 1 : -1);
      else this.#open();
    } else if (event.key === "Enter") {
      if (this.#list.isOpen || this.#typed) event.preventDefault();
      this.#list.pickActive();
    } else if (event.key === "Escape" && this.#list.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (event.key === "Backspace" && this.#wants.multi && this.input.value === "" && this.chosen.length) {
      this.#change(this.chosen.slice(0, -1));
    }
  }

  #pick(option) {
    const { multi } = this.#wants;
    const had = this.chosen.some((each) => each.value === option.value);
    if (!multi) this.#change([option]);
    else this.#change(had ? this.chosen.filter((each) => each.value !== option.value) : [...this.chosen, option]);
  }

  async #change(chosen) {
    const before = this.chosen;
    this.chosen = chosen;
    this.#close();
    const kept = await this.#wants.onchange(chosen);
    if (kept !== false) return;
    this.chosen = before;
    this.#show();
  }

  #close() {
    clearTimeout(this.#rest);
    this.#list.close();
    this.#show();
  }
}
