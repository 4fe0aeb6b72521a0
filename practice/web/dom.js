// Building nodes. Text from messages, views and mails only ever becomes a text node or an attribute: nothing here
// parses markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate", "inert", "selected"]);

/**
 * Make one element.
 *
 * @param {string} tag
 * @param {Object} [props] attributes; "on..." are listeners, "vars" are CSS custom properties (set through the CSSOM,
 *   which a strict CSP allows); null, undefined and false are left out.
 * @param {...(Node|string|number|null|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, val] of Object.entries(value)) node.style.setProperty(key, val);
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  return fill(node, children);
}

/** Append children (nested arrays and nothings allowed) and return the node. */
export function fill(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

/** Replace all that a node holds. */
export function refill(node, ...children) {
  node.replaceChildren();
  return fill(node, children);
}

let last = 0;

/** An id for labels and popups, unique in this page. */
export function uid(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/** The elements inside a node that Tab would visit, in order. */
export function tabbable(node) {
  const all = node.querySelectorAll("a[href], button, input, select, textarea, [tabindex]");
  return [...all].filter((each) => !each.disabled && each.tabIndex >= 0 && each.getClientRects().length > 0);
}

/** Text for people who listen, not shown. */
export function spoken(text) {
  return h("span", { class: "spoken" }, text);
}

/** A link target that cannot run anything, or null. */
export function safeHref(address) {
  return /^(https?:\/\/|mailto:|tel:)/i.test(address) ? address : null;
}

/** Copy text; says whether it worked. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "spoken", "aria-hidden": "true", value: text });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
