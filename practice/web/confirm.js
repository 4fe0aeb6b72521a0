// Slack's confirm dialog: a question before an element acts.

import { openDialog } from "./dialog.js";
import { h, uid } from "./dom.js";
import { textNodes, words } from "./mrkdwn.js";

/**
 * Ask; resolves to true for the confirming button, false for the other, Escape or the shade.
 *
 * @param {{title, text, confirm, deny, style?}} question Slack's confirm object
 */
export function confirmed(question, names) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      close();
      resolve(yes);
    };
    const title = uid("confirm");
    const deny = h(
      "button",
      { type: "button", class: "btn", "data-testid": "confirm-no", onclick: () => answer(false) },
      words(question.deny) || "Cancel",
    );
    const yes = h(
      "button",
      {
        type: "button",
        class: question.style === "danger" ? "btn btn-danger" : "btn btn-primary",
        "data-testid": "confirm-yes",
        onclick: () => answer(true),
      },
      words(question.confirm) || "Yes",
    );
    const box = h(
      "div",
      {
        class: "modal modal-confirm",
        role: "alertdialog",
        "aria-modal": "true",
        "aria-labelledby": title,
        "aria-describedby": `${title}-text`,
        "data-testid": "confirm",
      },
      h("div", { class: "modal-head" }, h("h2", { id: title }, words(question.title) || "Are you sure?")),
      h("div", { class: "modal-body", id: `${title}-text` }, textNodes(question.text, names)),
      h("div", { class: "modal-foot" }, deny, yes),
    );
    const close = openDialog(box, { onescape: () => answer(false), first: () => deny });
  });
}
