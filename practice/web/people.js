// People: their pictures, what they are called, and the switch that decides who one is.

import { h, refill } from "./dom.js";
import { emoji } from "./emoji.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";

const KINDS = {
  admin: "IT admin",
  second_admin: "Second IT admin",
  user: "Employee",
  guest: "Guest",
  stranger: "Another organisation",
};

export const kindWords = (person) => KINDS[person.kind] ?? person.title ?? "";

const initials = (name) =>
  name
    .replace(/[^\p{L}\p{N}\s]/gu, " ")
    .trim()
    .split(/\s+/)
    .map((word) => [...word][0])
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join("")
    .toUpperCase() || "?";

/** A person's square picture: initials on their own colour. Decorative, for the name stands beside it. */
export function avatar(person, size = "") {
  const hue = person.avatar_hue ?? [...person.id].reduce((sum, each) => sum + each.charCodeAt(0) * 7, 0) % 360;
  return h(
    "span",
    { class: `avatar ${size} kind-${person.kind ?? "none"}`, "aria-hidden": "true", vars: { "--hue": hue } },
    initials(person.name),
  );
}

/** The app's picture: its emoji, its image from this machine, or a key. */
export function appAvatar(bot, size = "") {
  const named = /^:(.+):$/.exec(bot.icon ?? "");
  const inner =
    named && emoji(named[1])
      ? emoji(named[1])
      : bot.icon?.startsWith("/")
        ? h("img", { src: bot.icon, alt: "" })
        : icon("key");
  return h("span", { class: `avatar avatar-app ${size}`, "aria-hidden": "true" }, inner);
}

/** A small tag after the name of those who are not plain members. */
export function kindTag(person) {
  if (person.kind === "guest") return h("span", { class: "tag tag-guest" }, "Guest");
  if (person.kind === "stranger") return h("span", { class: "tag tag-stranger" }, person.org ?? "External");
  return null;
}

/** The "view as" button: always says who one is, in that person's colour. */
export class ViewAs {
  constructor(app) {
    this.app = app;
    this.node = h("button", {
      type: "button",
      class: "view-as",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-testid": "view-as",
      onclick: () => this.#choose(),
    });
  }

  show() {
    const { me } = this.app;
    document.documentElement.style.setProperty("--me-hue", me.avatar_hue ?? 190);
    this.node.dataset.person = me.id;
    this.node.dataset.kind = me.kind;
    refill(
      this.node,
      avatar(me, "small"),
      h(
        "span",
        { class: "view-as-words" },
        h("span", { class: "view-as-label" }, "Viewing as"),
        h("span", { class: "view-as-name" }, me.name),
        h("span", { class: "view-as-kind" }, kindWords(me)),
      ),
      icon("down"),
    );
  }

  #choose() {
    const { world, me } = this.app;
    const items = world.people
      .filter((each) => each.visible !== false)
      .map((person) => ({
        label: person.name,
        detail: [kindWords(person), person.note ?? person.title].filter(Boolean).join(" · "),
        picture: avatar(person),
        checked: person.id === me.id,
        testid: `view-as-${person.id}`,
        data: { "data-kind": person.kind },
        pick: () => this.app.viewAs(person.id),
      }));
    openMenu(this.node, items, { label: "View the workspace as", end: true, className: "menu-people" });
  }
}
