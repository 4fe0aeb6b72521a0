// Short notices at the edge: Slack's errors, and small confirmations.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const STAYS = { bad: 12_000, good: 3000 }; // milliseconds; an error can be read twice

/** Show a notice; kind is "bad" or "good". */
export function toast(text, kind = "bad") {
  const root = document.getElementById("toasts");
  for (const old of root.children) if (old.dataset.text === text) old.remove();
  const drop = () => node.remove();
  const node = h(
    "div",
    {
      class: `toast toast-${kind}`,
      role: kind === "bad" ? "alert" : "status",
      "data-testid": "toast",
      "data-text": text,
    },
    icon(kind === "bad" ? "warn" : "check"),
    h("span", { class: "toast-text" }, text),
    h(
      "button",
      { type: "button", class: "btn btn-icon", "aria-label": "Close this notice", onclick: drop },
      icon("close"),
    ),
  );
  root.append(node);
  setTimeout(drop, STAYS[kind]);
}
