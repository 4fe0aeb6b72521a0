// The listbox under a combobox and under the composer: shown in the floating layer, steered from the input.

import { h, uid } from "./dom.js";
import { float } from "./layer.js";
import { textNodes } from "./mrkdwn.js";

export class OptionList {
  #turn = 0;
  #release = null;
  #input = null;
  #shown = [];
  #active = -1;

  /** @param {{name: function(Object): string, onpick: function(Object): void, picture?: function(Object): ?Node, label?: string}} wants */
  constructor(wants) {
    this.wants = wants;
    this.id = uid("options");
    this.list = h("ul", { role: "listbox", id: this.id, "aria-label": wants.label ?? "Options" });
    this.hint = h("p", { class: "popup-hint", role: "status" });
    // A press must not take the focus from the input.
    this.popup = h(
      "div",
      { class: "popup", "data-testid": "options", onpointerdown: (event) => event.preventDefault() },
      this.hint,
      this.list,
    );
  }

  get isOpen() {
    return this.#release !== null;
  }

  /** Show the popup at `anchor`, empty so far, steered by `input`. */
  open(anchor, input) {
    if (this.isOpen) return;
    this.#input = input;
    this.#release = float(anchor, this.popup, { match: true });
    // The composer is a text box, which has no expanded state.
    if (input.hasAttribute("aria-expanded")) input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", this.id);
    this.#active = -1;
  }

  close() {
    this.#turn += 1;
    this.#release?.();
    this.#release = null;
    this.#shown = [];
    if (this.#input?.hasAttribute("aria-expanded")) this.#input.setAttribute("aria-expanded", "false");
    this.#input?.removeAttribute("aria-activedescendant");
    this.#input?.removeAttribute("aria-controls");
  }

  /** A sentence instead of options. */
  say(text, keep = false) {
    this.#turn += 1;
    this.hint.textContent = text;
    if (keep) return;
    this.list.replaceChildren();
    this.#shown = [];
    this.#mark(-1);
  }

  /** Show what a promise of groups brings; an answer that comes late for an older question is dropped. */
  async show(groups, chosen, query) {
    this.#turn += 1;
    const turn = this.#turn;
    let found;
    try {
      found = await groups;
    } catch (error) {
      if (turn === this.#turn) this.say(error.message);
      return;
    }
    if (turn !== this.#turn || !this.isOpen) return;
    this.#shown = [];
    this.list.replaceChildren(...found.flatMap((group) => this.#group(group, chosen)));
    this.hint.textContent = this.#shown.length ? "" : query ? `No results for “${query}”` : "No options";
    const first = this.#shown.findIndex((each) => chosen.includes(each.option.value));
    this.#mark(this.#shown.length ? Math.max(first, 0) : -1);
  }

  #group(group, chosen) {
    const rows = group.options.map((option) => this.#row(option, chosen.includes(option.value)));
    if (!group.label) return rows;
    const label = uid("group");
    return [
      h(
        "li",
        { role: "presentation" },
        h("span", { class: "popup-group", id: label }, group.label),
        h("ul", { role: "group", "aria-labelledby": label }, rows),
      ),
    ];
  }

  #row(option, selected) {
    const index = this.#shown.length;
    const node = h(
      "li",
      {
        role: "option",
        id: uid("option"),
        "aria-selected": String(selected),
        "data-testid": "option",
        "data-value": option.value,
        onclick: () => this.wants.onpick(option),
        onpointermove: () => this.#mark(index, false),
      },
      this.wants.picture?.(option),
      h(
        "span",
        { class: "option-words" },
        h("span", { class: "option-name" }, this.wants.name(option)),
        option.description && h("span", { class: "option-more" }, textNodes(option.description, null)),
      ),
    );
    this.#shown.push({ option, node });
    return node;
  }

  /** Go up or down, round the ends. */
  move(step) {
    const count = this.#shown.length;
    if (count) this.#mark((this.#active + step + count) % count);
  }

  /** Choose the marked option; says whether there was one. */
  pickActive() {
    const found = this.#shown[this.#active];
    if (found) this.wants.onpick(found.option);
    return Boolean(found);
  }

  #mark(index, scroll = true) {
    this.#shown[this.#active]?.node.classList.remove("active");
    this.#active = index;
    const found = this.#shown[index];
    if (!found) return this.#input?.removeAttribute("aria-activedescendant");
    found.node.classList.add("active");
    if (scroll) found.node.scrollIntoView({ block: "nearest" });
    return this.#input?.setAttribute("aria-activedescendant", found.node.id);
  }
}
