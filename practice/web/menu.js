// Menus: a message's "more actions", an overflow element, the people to view as.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { float } from "./layer.js";

let open = null;

/** Close the open menu, if there is one. */
export function closeMenu() {
  open?.close(false);
}

/**
 * Open a menu at its button; arrows, Home, End, a letter, Enter and Escape work as menus do.
 *
 * @param {HTMLElement} anchor the button; gets aria-expanded, and the focus back
 * @param {Array<{label, detail?, picture?, danger?, checked?, testid?, data?, pick}>} items
 * @param {{label: string, end?: boolean, className?: string}} how
 */
export function openMenu(anchor, items, how) {
  if (open?.anchor === anchor) return closeMenu();
  closeMenu();
  const close = (refocus = true) => {
    if (open?.menu !== menu) return;
    open = null;
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    release();
    if (refocus) anchor.focus();
  };
  const outside = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) close(false);
  };
  const rows = items.map((item) => row(item, close));
  const menu = h(
    "div",
    {
      class: `menu ${how.className ?? ""}`,
      role: "menu",
      "aria-label": how.label,
      "data-testid": "menu",
      onkeydown: (event) => steer(event, rows, close),
    },
    rows,
  );
  open = { anchor, menu, close };
  anchor.setAttribute("aria-expanded", "true");
  const release = float(anchor, menu, { end: how.end, most: 620 });
  document.addEventListener("pointerdown", outside, true);
  (rows.find((each) => each.getAttribute("aria-checked") === "true") ?? rows[0])?.focus();
  return undefined;
}

function row(item, close) {
  const radio = item.checked !== undefined;
  return h(
    "button",
    {
      type: "button",
      class: item.danger ? "menu-item danger" : "menu-item",
      role: radio ? "menuitemradio" : "menuitem",
      "aria-checked": radio ? String(item.checked) : null,
      tabindex: "-1",
      "data-testid": item.testid ?? "menu-item",
      ...item.data,
      onclick: () => {
        close();
        item.pick();
      },
    },
    item.picture,
    h(
      "span",
      { class: "menu-words" },
      h("span", {}, item.label),
      item.detail && h("span", { class: "menu-detail" }, item.detail),
    ),
    radio && item.checked && icon("check"),
  );
}

function steer(event, rows, close) {
  const at = rows.indexOf(document.activeElement);
  const go = (index) => {
    event.preventDefault();
    rows[(index + rows.length) % rows.length].focus();
  };
  if (event.key === "ArrowDown") go(at + 1);
  else if (event.key === "ArrowUp") go(at - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(rows.length - 1);
  else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close();
  } else if (event.key.length === 1) {
    const rest = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
    rest.find((each) => each.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  }
}
