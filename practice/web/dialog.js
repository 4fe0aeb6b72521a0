// The frame of every dialog: a shade over the workspace, focus kept inside and given back at the end.
// Only the workspace is shut off: the phone and the mailbox beside it stay in reach (F6), as they do on a real desk.

import { h, tabbable } from "./dom.js";

const stack = [];

/** The dialog on top, or null. */
export function topDialog() {
  return stack.at(-1)?.box ?? null;
}

/**
 * Show a dialog.
 *
 * @param {HTMLElement} box the element with role dialog or alertdialog
 * @param {{onescape: function(): void, first?: function(): ?HTMLElement}} how first: what gets the focus
 * @returns {function(): void} closes it and gives the focus back
 */
export function openDialog(box, how) {
  const opener = document.activeElement;
  const shade = h("div", { class: "shade" }, box);
  const entry = { box, shade, opener };
  box.tabIndex = -1;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      how.onescape();
    } else if (event.key === "Tab") keepInside(event, box);
  });
  stack.at(-1)?.shade.setAttribute("inert", "");
  stack.push(entry);
  document.getElementById("workspace").inert = true;
  document.getElementById("dialogs").append(shade);
  (how.first?.() ?? tabbable(box)[0] ?? box).focus({ preventScroll: true });
  return () => close(entry);
}

function close(entry) {
  const at = stack.indexOf(entry);
  if (at < 0) return;
  const hadFocus = entry.box.contains(document.activeElement) || document.activeElement === document.body;
  stack.splice(at, 1);
  entry.shade.remove();
  stack.at(-1)?.shade.removeAttribute("inert");
  document.getElementById("workspace").inert = stack.length > 0;
  if (!hadFocus) return;
  const back =
    entry.opener?.isConnected && entry.opener !== document.body
      ? entry.opener
      : (topDialog() ?? document.querySelector("[data-testid=composer]"));
  back?.focus({ preventScroll: true });
}

function keepInside(event, box) {
  const all = tabbable(box);
  if (all.length === 0) return event.preventDefault();
  const at = all.indexOf(document.activeElement);
  const edge = event.shiftKey ? at <= 0 : at === all.length - 1;
  if (!edge) return undefined;
  event.preventDefault();
  return all.at(event.shiftKey ? -1 : 0).focus();
}
