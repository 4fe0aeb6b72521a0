// One message.

import { attached } from "./attached.js";
import { clock, dateOf, whole } from "./dates.js";
import { copy, h } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { blockParts, Patchwork } from "./patch.js";
import { appAvatar, avatar, kindTag } from "./people.js";
import { surface } from "./surface.js";
import { Values } from "./values.js";

/** Who wrote it, as {id, name, app, person}. */
export function authorOf(message, app) {
  const { bot } = app.world;
  if (message.bot) return { id: message.user ?? bot.user, name: message.username || bot.name, app: true, person: null };
  const person = app.names.person(message.user) ?? { id: message.user ?? "?", name: message.username || "Somebody" };
  return { id: person.id, name: person.name, app: false, person };
}

/**
 * Render a message.
 *
 * @param {Object} message as the server gives it
 * @param {string} channel
 * @param {Object} app
 * @param {{values?: Values, dismiss: function(): void}} more values: of an earlier rendering, kept over an update
 * @returns {{node: HTMLElement, values: Values, author: Object, live: Object}} live: what `renewMessage` draws into
 */
export function renderMessage(message, channel, app, more) {
  const author = authorOf(message, app);
  const when = dateOf(message.ts);
  const values = (more.values ?? new Values()).adopt(message.blocks);
  const ctx = surface(app, { type: message.ephemeral ? "ephemeral" : "message", channel, ts: message.ts }, values);
  const body = h("div", { class: "message-body" });
  const live = { message, ctx, parts: new Patchwork(body) };
  fillBody(live, app);
  const time = (text, className) =>
    h("time", { class: className, datetime: when.toISOString(), title: whole(when) }, text);
  const node = h(
    "article",
    {
      class: message.ephemeral ? "message ephemeral" : "message",
      tabindex: "-1",
      "data-testid": "message",
      "data-ts": message.ts,
      "data-user": author.id,
      "data-ephemeral": String(Boolean(message.ephemeral)),
      "aria-label": `${author.name}, ${clock(when)}${message.ephemeral ? ", only visible to you" : ""}`,
    },
    message.ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
    h(
      "div",
      { class: "message-side" },
      author.app ? appAvatar(app.world.bot) : avatar(author.person),
      time(clock(when).replace(/\s?[AP]M/, ""), "side-time"),
    ),
    h(
      "div",
      { class: "message-main" },
      h(
        "div",
        { class: "message-head" },
        h("b", { class: "author" }, author.name),
        author.app && h("span", { class: "tag tag-app" }, "APP"),
        author.person && kindTag(author.person),
        time(clock(when), "message-time"),
      ),
      body,
      message.ephemeral &&
        h(
          "p",
          { class: "dismiss" },
          "Only you can see this message. ",
          h("button", { type: "button", class: "textual", onclick: more.dismiss }, "Dismiss message"),
        ),
    ),
    !message.ephemeral && tools(live, channel, app, author),
  );
  return { node, values, author, live };
}

/**
 * Draw a changed message into the node that it has. What stayed the same keeps its place, and with it the focus, an
 * open menu, a selection: a message that is kept current every few seconds must not be pulled from under the hand.
 */
export function renewMessage(row, message, app) {
  row.live.message = message;
  row.values.adopt(message.blocks);
  // Read out once, when it came; its later states are there to be looked at.
  row.node.setAttribute("aria-live", "off");
  fillBody(row.live, app);
}

function fillBody(live, app) {
  const { message, ctx, parts } = live;
  const wanted = blockParts(message.blocks, ctx);
  if (wanted.length === 0 && (message.text || !message.files))
    wanted.push([`text ${message.text}`, () => h("div", { class: "prose" }, mrkdwn(message.text ?? "", app.names))]);
  if (message.files) wanted.push([`files ${JSON.stringify(message.files)}`, () => attached(message.files, app)]);
  if (message.edited) wanted.push(["edited", () => h("span", { class: "edited" }, "(edited)")]);
  parts.show(wanted);
}

function tools(live, channel, app, author) {
  const items = () => [
    ...(app.world.shortcuts ?? []).map((each) => ({
      label: each.name,
      detail: app.world.bot.name,
      picture: appAvatar(app.world.bot, "small"),
      testid: `shortcut-${each.callback_id}`,
      pick: () => app.tell("shortcut", { callback_id: each.callback_id, channel, ts: live.message.ts }),
    })),
    {
      label: "Copy text",
      picture: icon("copy"),
      testid: "copy-text",
      pick: async () =>
        app.toast((await copy(live.message.text ?? "")) ? "Copied" : "This browser does not allow copying", "good"),
    },
  ];
  return h(
    "div",
    { class: "message-tools" },
    h(
      "button",
      {
        type: "button",
        class: "btn btn-icon",
        "aria-label": `More actions for the message from ${author.name}`,
        title: "More actions",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "data-testid": "message-menu",
        onclick: (event) => openMenu(event.currentTarget, items(), { label: "Message actions", end: true }),
      },
      icon("more"),
    ),
  );
}
