// The stack of modals, at most three deep, of which one sees the top.

import { showErrors } from "./blocks.js";
import { openDialog } from "./dialog.js";
import { h, refill, tabbable, uid } from "./dom.js";
import { keepFocus } from "./focus.js";
import { icon } from "./icons.js";
import { words } from "./mrkdwn.js";
import { blockParts, Patchwork } from "./patch.js";
import { appAvatar } from "./people.js";
import { surface } from "./surface.js";
import { unfilled, Values } from "./values.js";

export class Modals {
  #stack = []; // {view, values, errors, ctx, body, frame}
  #closed = new Set();
  #release = null;
  #box = null;
  #busy = null; // the id of the view that is being submitted

  constructor(app) {
    this.app = app;
  }

  /** A view that was opened, pushed or updated; depth is the height of the stack with it. */
  show(view, depth) {
    if (this.#closed.has(view.id)) return;
    const known = this.#stack.find((each) => each.view.id === view.id);
    const onTop = known ? known === this.#stack.at(-1) : true;
    if (known) {
      known.view = view;
      known.values.adopt(view.blocks);
      known.errors = {};
    } else {
      this.#stack.length = Math.max(0, Math.min(this.#stack.length, (depth ?? 1) - 1));
      this.#stack.push(this.#entry(view));
    }
    if (onTop) this.#draw(Boolean(known));
  }

  #entry(view) {
    const entry = { view, values: new Values().adopt(view.blocks), errors: {}, frame: null };
    const touched = (blockId) => {
      delete entry.errors[blockId];
      if (this.#stack.at(-1) === entry) showErrors(this.#box, entry.errors);
    };
    entry.ctx = surface(this.app, { type: "view", view_id: view.id }, entry.values, { touched });
    entry.body = new Patchwork(h("div", { class: "modal-body" }));
    return entry;
  }

  /** A view that was closed by the app (or all of them). */
  remove(viewId, all) {
    this.#stack = all ? [] : this.#stack.filter((each) => each.view.id !== viewId);
    this.#draw(false);
  }

  /** Forget everything: another person is viewed. */
  reset() {
    this.#stack = [];
    this.#closed.clear();
    this.#draw(false);
  }

  #draw(same) {
    const top = this.#stack.at(-1);
    if (!top) {
      this.#release?.();
      this.#release = null;
      this.#box = null;
      return;
    }
    if (!this.#release) {
      this.#box = h("div", { class: "modal", role: "dialog", "aria-modal": "true", "data-testid": "modal" });
      this.#fill(top);
      this.#release = openDialog(this.#box, { onescape: () => this.#leave(false), first: () => firstField(this.#box) });
      return;
    }
    const found = keepFocus(this.#box, () => {
      this.#fill(top);
      return this.#box;
    });
    const inside = this.#box.contains(document.activeElement);
    if (inside && !found) (firstField(this.#box) ?? this.#box).focus({ preventScroll: true });
    if (!same) this.#box.querySelector(".modal-body").scrollTop = 0;
  }

  /** Draw a view; of one that is there already only what has changed. */
  #fill(entry) {
    const { view, errors, body, ctx } = entry;
    const frame = JSON.stringify([view.id, view.title, view.submit, view.close]);
    if (entry.frame !== frame || !this.#box.contains(body.node)) {
      entry.frame = frame;
      this.#frame(entry);
    }
    this.#box.dataset.callbackId = view.callback_id ?? "";
    body.show(blockParts(view.blocks, ctx));
    showErrors(this.#box, errors);
    this.#box.querySelector(".modal-error").textContent = "";
    if (this.#busy === view.id) this.#working(true);
  }

  #frame({ view, body }) {
    const title = uid("modal");
    const box = this.#box;
    box.setAttribute("aria-labelledby", title);
    box.dataset.viewId = view.id;
    box.dataset.depth = this.#stack.length;
    const scroll = box.querySelector(".modal-body")?.scrollTop ?? 0;
    refill(
      box,
      h(
        "div",
        { class: "modal-head" },
        appAvatar(this.app.world.bot, "small"),
        h("h2", { id: title, "data-testid": "modal-title" }, words(view.title)),
        h(
          "button",
          {
            type: "button",
            class: "btn btn-icon",
            "aria-label": "Close",
            "data-testid": "modal-x",
            onclick: () => this.#leave(true),
          },
          icon("close"),
        ),
      ),
      h(
        "form",
        { novalidate: true, autocomplete: "off", onsubmit: (event) => this.#submit(event) },
        body.node,
        h("p", { class: "modal-error", role: "alert", "data-testid": "modal-error" }),
        this.#foot(view),
      ),
    );
    body.node.scrollTop = scroll;
  }

  #foot(view) {
    if (!view.submit && !view.close) return null;
    const leave = h(
      "button",
      { type: "button", class: "btn", "data-testid": "modal-close", onclick: () => this.#leave(false) },
      words(view.close) || "Cancel",
    );
    const submit =
      view.submit &&
      h("button", { type: "submit", class: "btn btn-primary", "data-testid": "modal-submit" }, words(view.submit));
    return h("div", { class: "modal-foot" }, leave, submit);
  }

  #working(on) {
    const submit = this.#box?.querySelector("[type=submit]");
    if (on) submit?.setAttribute("aria-busy", "true");
    else submit?.removeAttribute("aria-busy");
  }

  async #submit(event) {
    event.preventDefault();
    const top = this.#stack.at(-1);
    if (!top?.view.submit || this.#busy === top.view.id) return;
    if (this.#refuse(top, unfilled(top.view.blocks, top.values))) return;
    this.#busy = top.view.id;
    this.#working(true);
    let failed = "";
    try {
      const { errors } = await this.app.link.ask("submit", { view_id: top.view.id, values: top.values.all() });
      if (this.#stack.at(-1) === top) this.#refuse(top, errors ?? {});
    } catch (error) {
      failed = error.message;
    }
    this.#busy = null;
    if (this.#stack.at(-1) !== top) return;
    this.#working(false);
    this.#box.querySelector(".modal-error").textContent = failed;
  }

  /** Show errors under their fields and go to the first; says whether there are any. */
  #refuse(top, errors) {
    top.errors = errors;
    if (this.#box) this.#fillErrors(errors);
    return Object.keys(errors).length > 0;
  }

  #fillErrors(errors) {
    const top = this.#stack.at(-1);
    Object.assign(top.errors, errors);
    const first = showErrors(this.#box, errors);
    if (!first) return;
    first.focus();
    first.closest(".block").scrollIntoView({ block: "nearest" });
  }

  /** Cancel or Escape leaves this view; the X leaves all of them, as in Slack. */
  #leave(all) {
    const gone = all ? this.#stack : this.#stack.slice(-1);
    const viewId = this.#stack.at(-1).view.id;
    for (const each of gone) this.#closed.add(each.view.id);
    this.#stack = all ? [] : this.#stack.slice(0, -1);
    this.#draw(false);
    this.app.tell("close", { view_id: viewId, clear: all });
  }
}

function firstField(box) {
  const body = box.querySelector(".modal-body");
  return (
    body.querySelector("[data-first]") ??
    tabbable(body)[0] ??
    box.querySelector("[data-testid=modal-submit], [data-testid=modal-close]")
  );
}
