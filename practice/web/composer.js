// Where one writes: messages, slash commands (completed after "/"), people (after "@").

import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { OptionList } from "./options.js";
import { words } from "./mrkdwn.js";
import { appAvatar, avatar } from "./people.js";

const plain = (text) => ({ type: "plain_text", text, emoji: false });

export class Composer {
  #picked = new Map(); // a name that was picked after "@" -> the person's id
  #kind = null;

  constructor(app, conversation) {
    this.app = app;
    this.conversation = conversation;
    const hint = uid("usage");
    this.options = new OptionList({
      label: "Suggestions",
      name: (option) => words(option.text),
      picture: (option) => option.picture,
      onpick: (option) => this.#complete(option),
    });
    this.input = h("textarea", {
      class: "composer-input",
      rows: "1",
      "aria-label": `Message ${conversation.kind === "channel" ? "#" : ""}${conversation.name}`,
      placeholder: `Message ${conversation.kind === "channel" ? "#" : ""}${conversation.name}`,
      "aria-autocomplete": "list",
      "aria-describedby": hint,
      autocomplete: "off",
      "data-testid": "composer",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
      onblur: () => this.options.close(),
    });
    this.usage = h("p", { class: "composer-usage", id: hint, "aria-live": "polite", "data-testid": "usage" });
    this.sender = h(
      "button",
      { type: "submit", class: "composer-send", "aria-label": "Send", "data-testid": "send", disabled: true },
      icon("send"),
    );
    const tool = (name, label, text) =>
      h(
        "button",
        { type: "button", class: "btn btn-icon", "aria-label": label, title: label, onclick: () => this.#insert(text) },
        icon(name),
      );
    this.node = h(
      "form",
      { class: "composer", onsubmit: (event) => this.#send(event) },
      this.usage,
      h(
        "div",
        { class: "composer-box" },
        this.input,
        h(
          "div",
          { class: "composer-bar" },
          tool("slash", "Run a command", "/"),
          tool("at", "Mention somebody", "@"),
          h("span", { class: "composer-space" }),
          this.sender,
        ),
      ),
    );
  }

  /** Fill in a text and go there. */
  put(text) {
    this.input.value = text;
    this.input.focus();
    this.input.setSelectionRange(text.length, text.length);
    this.#typed();
  }

  #insert(text) {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const gap = text === "@" && before !== "" && !/\s$/.test(before) ? " " : "";
    if (text === "/") this.put(`/${this.input.value.replace(/^\//, "")}`);
    else this.put(`${before}${gap}${text}`);
  }

  #typed() {
    const { value } = this.input;
    this.sender.disabled = value.trim() === "";
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 180)}px`;
    const command = this.app.world.commands?.find((each) => value.split(/\s/, 1)[0] === each.command);
    this.usage.replaceChildren();
    if (command && /\s/.test(value))
      this.usage.append(
        h("code", {}, `${command.command} ${command.usage ?? ""}`.trim()),
        ` ${command.description ?? ""}`,
      );
    this.#suggest(value.slice(0, this.input.selectionStart));
  }

  #suggest(before) {
    const at = /(?:^|\s)@([^\s@]*)$/.exec(before);
    this.#kind = /^\/\S*$/.test(before) ? "command" : at ? "person" : null;
    const found = this.#kind === "command" ? this.#commands(before) : at ? this.#people(at[1]) : [];
    if (found.length === 0) return this.options.close();
    this.options.open(this.node.querySelector(".composer-box"), this.input);
    return this.options.show(Promise.resolve([{ label: null, options: found }]), [], before);
  }

  #commands(before) {
    return (this.app.world.commands ?? [])
      .filter((each) => each.command.startsWith(before))
      .map((each) => ({
        value: each.command,
        text: plain(`${each.command} ${each.usage ?? ""}`.trim()),
        description: plain(each.description ?? ""),
        picture: appAvatar(this.app.world.bot, "small"),
      }));
  }

  #people(typed) {
    const wanted = typed.toLowerCase();
    return this.app.world.people
      .filter((each) =>
        [each.handle ?? "", ...each.name.split(/\s+/)].some((word) => word.toLowerCase().startsWith(wanted)),
      )
      .slice(0, 8)
      .map((each) => ({
        value: each.id,
        text: plain(each.name),
        description: plain(each.title ?? ""),
        picture: avatar(each, "small"),
      }));
  }

  #complete(option) {
    const start = this.input.selectionStart;
    const before = this.input.value.slice(0, start);
    const after = this.input.value.slice(start).replace(/^\s+/, "");
    const name = words(option.text);
    if (this.#kind === "person") this.#picked.set(name, option.value);
    const text = this.#kind === "command" ? `${option.value} ` : `${before.replace(/@[^\s@]*$/, "")}@${name} `;
    this.put(text + after);
    this.input.setSelectionRange(text.length, text.length);
  }

  #key(event) {
    if (event.isComposing) return;
    const { isOpen } = this.options;
    if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.options.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (isOpen && event.key === "Escape") {
      event.preventDefault();
      this.options.close();
    } else if (isOpen && (event.key === "Tab" || (event.key === "Enter" && !this.#whole())) && !event.shiftKey) {
      if (this.options.pickActive()) event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.node.requestSubmit();
    }
  }

  /** A command that is typed in full is sent, not completed. */
  #whole() {
    return this.#kind === "command" && this.app.world.commands.some((each) => each.command === this.input.value);
  }

  async #send(event) {
    event.preventDefault();
    const typed = this.input.value;
    if (typed.trim() === "" || this.node.getAttribute("aria-busy") === "true") return;
    this.options.close();
    this.node.setAttribute("aria-busy", "true");
    this.put("");
    const sent = await this.app.tell("say", { channel: this.conversation.id, text: this.#wire(typed.trim()) });
    this.node.removeAttribute("aria-busy");
    // What Slack refused stays to be mended, unless something new was typed meanwhile.
    if (!sent && this.input.value === "") this.put(typed);
  }

  /** Names that were picked become <@ids>; the longest first, for one may begin another. */
  #wire(text) {
    const names = [...this.#picked].sort(([a], [b]) => b.length - a.length);
    return names.reduce((out, [name, id]) => out.replaceAll(`@${name}`, `<@${id}>`), text);
  }
}
