// Block Kit as nodes. The two lists are the whole of what this page can show: a test holds the bot's views against them.

import { h, uid } from "./dom.js";
import {
  button,
  checkboxes,
  datepicker,
  datetimepicker,
  image,
  overflow,
  radioButtons,
  textInput,
  timepicker,
} from "./elements.js";
import { fileInput } from "./filefield.js";
import { textNodes, words } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { select } from "./selects.js";
import { firstState } from "./values.js";

export const SUPPORTED_BLOCKS = ["actions", "context", "divider", "header", "image", "input", "rich_text", "section"];

export const SUPPORTED_ELEMENTS = [
  "button",
  "checkboxes",
  "datepicker",
  "datetimepicker",
  "external_select",
  "file_input",
  "image",
  "multi_external_select",
  "multi_static_select",
  "multi_users_select",
  "number_input",
  "overflow",
  "plain_text_input",
  "radio_buttons",
  "static_select",
  "timepicker",
  "users_select",
];

const BLOCKS = {
  actions,
  context,
  divider: () => h("hr"),
  header,
  image: imageBlock,
  input,
  rich_text: (block, ctx) => richText(block, ctx.names),
  section,
};

const ELEMENTS = {
  button,
  checkboxes,
  datepicker,
  datetimepicker,
  external_select: select,
  file_input: fileInput,
  image: (element) => image(element),
  multi_external_select: select,
  multi_static_select: select,
  multi_users_select: select,
  number_input: textInput,
  overflow,
  plain_text_input: textInput,
  radio_buttons: radioButtons,
  static_select: select,
  timepicker,
  users_select: select,
};

// What Slack allows inside an input block, and whether its label is a group's.
const GROUPED = ["checkboxes", "radio_buttons"];

/** Render blocks. Type and ids stand in data attributes, for tests. */
export function renderBlocks(blocks, ctx) {
  return blocks.map((block) => {
    const make = SUPPORTED_BLOCKS.includes(block.type) ? BLOCKS[block.type] : null;
    const inner = make ? make(block, ctx) : cannotShow(block.type);
    return h(
      "div",
      { class: `block block-${block.type}`, "data-block-id": block.block_id, "data-block-type": block.type },
      inner,
    );
  });
}

/** An obvious box instead of something half shown. */
function cannotShow(type) {
  return h(
    "div",
    { class: "cannot", role: "note", "data-testid": "cannot-show" },
    `This practice workspace cannot show ${type}.`,
  );
}

function renderElement(element, place) {
  const make = SUPPORTED_ELEMENTS.includes(element.type) ? ELEMENTS[element.type] : null;
  return make ? make(element, place) : cannotShow(element.type);
}

/** How a changed state is kept, and sent where the block dispatches (sections and actions always do). */
function changed(block, ctx, dispatches) {
  return (element, state, send = true) => {
    const before = ctx.values.get(block.block_id, element.action_id);
    ctx.values.put(block.block_id, element.action_id, state);
    ctx.touched?.(block.block_id);
    if (!dispatches || !send) return true;
    return ctx.act(block, element, state).then((done) => {
      if (done === false) ctx.values.put(block.block_id, element.action_id, before);
      return done;
    });
  };
}

function header(block, ctx) {
  return h(ctx.heading, { class: "block-title" }, words(block.text));
}

function section(block, ctx) {
  const text = block.text && h("div", { class: "prose" }, textNodes(block.text, ctx.names));
  const fields =
    block.fields &&
    h(
      "div",
      { class: "fields" },
      block.fields.map((each) => h("div", { class: "prose" }, textNodes(each, ctx.names))),
    );
  const body = h("div", { class: "section-body" }, text, fields);
  if (!block.accessory) return body;
  const label = words(block.text) || words(block.fields?.[0]);
  const place = { block, ctx, label, changed: changed(block, ctx, true) };
  const accessory =
    block.accessory.type === "image" ? image(block.accessory, "thumb") : renderElement(block.accessory, place);
  return h(
    "div",
    { class: "section-row" },
    body,
    h("div", { class: `accessory accessory-${block.accessory.type}` }, accessory),
  );
}

function actions(block, ctx) {
  const place = (element) => ({
    block,
    ctx,
    // Slack gives elements of an actions block no label; their placeholder or their kind has to do.
    label: words(element.placeholder) || (firstState(element) ? element.type.replaceAll("_", " ") : null),
    changed: changed(block, ctx, true),
  });
  return h(
    "div",
    { class: "actions" },
    block.elements.map((element) => renderElement(element, place(element))),
  );
}

function context(block, ctx) {
  const part = (element) => {
    if (element.type === "image") return image(element, "glyph");
    if (element.type === "mrkdwn" || element.type === "plain_text")
      return h("span", { class: "prose" }, textNodes(element, ctx.names));
    return cannotShow(element.type);
  };
  return h("div", { class: "context" }, block.elements.map(part));
}

function imageBlock(block, ctx) {
  return h(
    "figure",
    { class: "figure" },
    block.title && h("figcaption", {}, textNodes(block.title, ctx.names)),
    image(block),
  );
}

function input(block, ctx) {
  const id = uid("input");
  const grouped = GROUPED.includes(block.element.type);
  const caption = [words(block.label), block.optional && h("span", { class: "optional" }, " (optional)")];
  const label = grouped
    ? h("span", { class: "label", id: `${id}-label` }, caption)
    : h("label", { class: "label", for: id }, caption);
  const hint = block.hint && h("p", { class: "hint", id: `${id}-hint` }, textNodes(block.hint, ctx.names));
  const place = {
    block,
    ctx,
    id,
    label: null,
    labelledBy: grouped ? `${id}-label` : null,
    describedBy: hint ? `${id}-error ${id}-hint` : `${id}-error`,
    changed: changed(block, ctx, block.dispatch_action === true),
  };
  const error = h("p", { class: "field-error", id: `${id}-error`, "data-testid": "field-error", hidden: true });
  return h("div", { class: "input", "data-control": id }, label, renderElement(block.element, place), error, hint);
}

/** Put Slack's {block_id: sentence} under the fields, take away the others; returns the first control with one. */
export function showErrors(root, errors) {
  let first = null;
  for (const node of root.querySelectorAll(".block-input")) {
    const text = errors[node.dataset.blockId] ?? "";
    const control = document.getElementById(node.querySelector("[data-control]").dataset.control);
    const line = node.querySelector(".field-error");
    line.textContent = text;
    line.hidden = text === "";
    node.classList.toggle("has-error", text !== "");
    if (text) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
    if (text && control) first ??= control.matches("input, textarea") ? control : control.querySelector("input");
  }
  return first;
}
