// Every Block Kit element that somebody can use, besides the selects.
//
// `place` says where an element stands:
//   block       the block around it
//   ctx         the surface's context (surface.js): names, values, act, suggest
//   id          the control's id, for the label of an input block; null elsewhere
//   label       its accessible name where no label points at it
//   labelledBy  the id of a group's label
//   describedBy ids of hint and error
//   changed     keeps a new state; dispatches it where the block dispatches; false means "take it back"

import { h, safeHref, uid } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { textNodes, words } from "./mrkdwn.js";

const state = (element, place) => place.ctx.values.get(place.block.block_id, element.action_id);

/** Press: show that it works, and do not take a second press meanwhile. */
async function press(node, element, place, more) {
  if (node.getAttribute("aria-busy") === "true") return;
  try {
    await place.ctx.act(place.block, element, { type: element.type, ...more }, () =>
      node.setAttribute("aria-busy", "true"),
    );
  } finally {
    node.removeAttribute("aria-busy");
  }
}

export function button(element, place) {
  const href = element.url ? safeHref(element.url) : null;
  const look = { primary: "btn btn-primary", danger: "btn btn-danger" }[element.style] ?? "btn";
  const more = { text: element.text, ...(element.value === undefined ? {} : { value: element.value }) };
  const props = {
    class: look,
    "aria-label": element.accessibility_label,
    "data-testid": "button",
    "data-action-id": element.action_id,
    onclick: (event) => press(event.currentTarget, element, place, more),
  };
  if (href) return h("a", { ...props, href, target: "_blank", rel: "noopener noreferrer" }, words(element.text));
  return h("button", { ...props, type: "button" }, words(element.text));
}

export function overflow(element, place) {
  const pick = (option, node) => {
    const href = option.url ? safeHref(option.url) : null;
    if (href) window.open(href, "_blank", "noopener,noreferrer");
    return press(node, element, place, { selected_option: option });
  };
  return h(
    "button",
    {
      type: "button",
      class: "btn btn-icon",
      "aria-label": place.label ? `More actions: ${place.label}` : "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-testid": "overflow",
      "data-action-id": element.action_id,
      onclick: (event) => {
        const node = event.currentTarget;
        const items = element.options.map((option) => ({
          label: words(option.text),
          detail: words(option.description),
          pick: () => pick(option, node),
        }));
        openMenu(node, items, { label: "More actions", end: true });
      },
    },
    icon("dots"),
  );
}

export function textInput(element, place) {
  const tag = element.multiline ? "textarea" : "input";
  const config = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const save = (event, send) => place.changed(element, { type: element.type, value: event.target.value || null }, send);
  return h(tag, {
    id: place.id,
    class: "field",
    type: element.multiline ? null : "text",
    rows: element.multiline ? 3 : null,
    placeholder: words(element.placeholder) || null,
    maxlength: element.max_length ?? 3000,
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: element.multiline ? null : "false",
    value: state(element, place).value ?? "",
    "aria-label": place.label,
    "aria-describedby": place.describedBy,
    "data-action-id": element.action_id,
    "data-first": element.focus_on_load,
    oninput: (event) => save(event, config.includes("on_character_entered")),
    onkeydown: (event) => {
      if (event.key !== "Enter" || element.multiline || event.isComposing || !place.block.dispatch_action) return;
      event.preventDefault();
      if (config.includes("on_enter_pressed")) save(event, true);
    },
  });
}

/** The browser's own field for a day, a time or both; `read` and `write` turn its text into Slack's value and back. */
function moment(element, place, type, member, read = (text) => text, write = (value) => value) {
  const value = state(element, place)[member];
  return h("input", {
    id: place.id,
    class: "field field-date",
    type,
    value: value === null ? "" : write(value),
    "aria-label": place.label,
    "aria-describedby": place.describedBy,
    "data-action-id": element.action_id,
    "data-first": element.focus_on_load,
    onchange: ({ target }) =>
      place.changed(element, { type: element.type, [member]: target.value ? read(target.value) : null }),
  });
}

export const datepicker = (element, place) => moment(element, place, "date", "selected_date");

export const timepicker = (element, place) => moment(element, place, "time", "selected_time");

/** Slack keeps seconds since 1970; a person reads and writes the time of their own zone. */
export const datetimepicker = (element, place) =>
  moment(
    element,
    place,
    "datetime-local",
    "selected_date_time",
    (text) => Math.floor(new Date(text).getTime() / 1000),
    (seconds) => new Date(seconds * 1000).toLocaleString("sv").replace(" ", "T").slice(0, 16),
  );

/** Checkboxes and radio buttons: one group, native controls. */
function choices(element, place, kind, chosen, keep) {
  const name = uid("choice");
  const rows = element.options.map((option) => {
    const box = h("input", {
      type: kind,
      name,
      value: option.value,
      checked: chosen().includes(option.value),
      onchange,
    });
    const more = uid("more");
    if (option.description) box.setAttribute("aria-describedby", more);
    const label = h(
      "span",
      { class: "choice-words" },
      h("span", {}, textNodes(option.text, place.ctx.names)),
      option.description &&
        h("span", { class: "choice-more", id: more }, textNodes(option.description, place.ctx.names)),
    );
    return { option, box, node: h("label", { class: "choice" }, box, label) };
  });
  async function onchange() {
    const picked = rows.filter((row) => row.box.checked).map((row) => row.option);
    if ((await place.changed(element, { type: element.type, ...keep(picked) })) !== false) return;
    for (const row of rows) row.box.checked = chosen().includes(row.option.value);
  }
  const props = {
    id: place.id,
    class: "choices",
    role: kind === "radio" ? "radiogroup" : "group",
    "aria-label": place.label,
    "aria-labelledby": place.labelledBy,
    "aria-describedby": place.describedBy,
    "data-action-id": element.action_id,
  };
  return h(
    "div",
    props,
    rows.map((row) => row.node),
  );
}

export function checkboxes(element, place) {
  const chosen = () => state(element, place).selected_options.map((each) => each.value);
  return choices(element, place, "checkbox", chosen, (picked) => ({ selected_options: picked }));
}

export function radioButtons(element, place) {
  const chosen = () => [state(element, place).selected_option?.value];
  return choices(element, place, "radio", chosen, (picked) => ({ selected_option: picked[0] ?? null }));
}

/** An image from this machine; anything else is a frame with its words, for the page fetches nothing from outside. */
export function image(element, className = "picture") {
  const source = new URL(element.image_url ?? "", location.href);
  if (element.image_url && source.origin === location.origin)
    return h("img", { class: className, src: source.href, alt: element.alt_text });
  return h(
    "span",
    { class: `${className} picture-none`, role: "img", "aria-label": element.alt_text, title: element.image_url },
    element.alt_text,
  );
}
