// Keeping a person's place while something is drawn again, and walking between the parts of the page.

import { topDialog } from "./dialog.js";
import { tabbable } from "./dom.js";

function placeOf(node) {
  const control = node.closest("[data-action-id]");
  const block = node.closest("[data-block-id]");
  if (!control || !block) return null;
  return {
    block: block.dataset.blockId,
    action: control.dataset.actionId,
    value: node.type === "checkbox" || node.type === "radio" ? node.value : null,
  };
}

function find(root, place) {
  const action = `[data-action-id="${CSS.escape(place.action)}"]`;
  // A block that came without an id has another one each time; then the action alone has to do.
  const control =
    root.querySelector(`[data-block-id="${CSS.escape(place.block)}"] ${action}`) ?? root.querySelector(action);
  if (!control || place.value === null) return control;
  return (
    [...control.querySelectorAll("input")].find((each) => each.value === place.value) ?? control.querySelector("input")
  );
}

/**
 * Draw something again and put focus and caret back where they were, by block and action id.
 *
 * @param {?HTMLElement} old what will be replaced
 * @param {function(): HTMLElement} draw puts the new node into the page and returns it
 * @returns {boolean} whether the focus had been inside and found its place again
 */
export function keepFocus(old, draw) {
  const active = document.activeElement;
  const inside = old?.contains(active) ?? false;
  const place = inside ? placeOf(active) : null;
  const caret =
    inside && active.matches("textarea, input[type=text]") ? [active.selectionStart, active.selectionEnd] : null;
  const fresh = draw();
  if (!inside) return false;
  if (fresh.contains(active)) return true; // it was not drawn again
  const target = place && find(fresh, place);
  (target ?? fresh).focus({ preventScroll: true });
  if (target && caret) target.setSelectionRange?.(...caret);
  return Boolean(target);
}

/** F6 and Shift+F6: from part to part, as in Slack. Also the way from an open modal to the phone beside it. */
export function walkParts() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "F6") return;
    event.preventDefault();
    const inside = topDialog()
      ? [topDialog()]
      : ["#rail", ".log, .home", ".composer"].map((each) => document.querySelector(each));
    const parts = [...inside, ...["#tools", "#dock", "#topbar"].map((each) => document.querySelector(each))].filter(
      (part) => part?.getClientRects().length,
    );
    const at = parts.findIndex((part) => part.contains(document.activeElement));
    const next = parts[(at + (event.shiftKey ? -1 : 1) + parts.length) % parts.length];
    (next.querySelector("[aria-current=page]") ?? tabbable(next)[0] ?? next).focus();
  });
}
