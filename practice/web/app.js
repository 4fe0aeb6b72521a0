// The page of the practice workspace: who one is, what one sees, and what comes in.

import { topDialog } from "./dialog.js";
import { h, refill } from "./dom.js";
import { walkParts } from "./focus.js";
import { Link } from "./link.js";
import { isReply } from "./log.js";
import { closeMenu } from "./menu.js";
import { Modals } from "./modal.js";
import { Pane } from "./pane.js";
import { ViewAs } from "./people.js";
import { Rail } from "./rail.js";
import { Status } from "./status.js";
import { toast } from "./toast.js";
import { Tools } from "./tools.js";

class App {
  world = null;
  me = null;
  here = null;
  unread = new Map();
  toast = toast;

  constructor() {
    this.rail = new Rail(this);
    this.pane = new Pane(this);
    this.modals = new Modals(this);
    this.tools = new Tools(this);
    this.viewer = new ViewAs(this);
    this.status = new Status(this);
    this.names = {
      me: null,
      person: (id) =>
        this.world.people.find((each) => each.id === id) ??
        (id === this.world.bot.user ? { id, name: this.world.bot.name } : null),
      channel: (id) => this.world.conversations.find((each) => each.id === id) ?? null,
      people: () => this.world.people,
    };
    refill(document.getElementById("topbar"), this.status.node, this.viewer.node);
    walkParts();
    addEventListener("popstate", () => this.world && this.#arrive());
    this.#connect(new URLSearchParams(location.search).get("as"));
  }

  #connect(as) {
    this.link = new Link(as, {
      up: () => this.#up(),
      down: () => this.status.lost(true),
      push: (frame) => this.world && this.#hear(frame),
    });
  }

  /** Connected, for the first time or again: ask how the world is. */
  async #up() {
    const { link } = this;
    try {
      const world = await link.ask("world");
      if (link !== this.link) return;
      const again = this.me?.id === world.me.id;
      this.world = world;
      this.me = world.me;
      this.names.me = world.me.id;
      link.as = world.me.id;
      this.unread = new Map(world.conversations.map((each) => [each.id, each.unread ?? 0]));
      document.documentElement.dataset.viewer = world.me.kind;
      this.status.show(world.status.bot_connected);
      this.viewer.show();
      if (again) await this.#refresh();
      else await this.#begin();
      document.documentElement.dataset.ready = world.me.id;
    } catch (error) {
      this.toast(error.message);
    }
  }

  async #begin() {
    this.tools.show();
    await this.#arrive();
    // What this person had open is still open, as in a client that was only looked away from.
    const { view, stack } = await this.link.ask("views").catch(() => ({ view: null }));
    if (view) this.modals.show(view, stack);
  }

  async #refresh() {
    this.rail.show();
    await (this.pane.home ? this.pane.home.load() : this.pane.reload());
  }

  /** Go where the address says, else to the first conversation. */
  #arrive() {
    const [id, tab] = decodeURIComponent(location.hash.slice(1)).split("/");
    const { conversations } = this.world;
    return this.go((conversations.find((each) => each.id === id) ?? conversations[0])?.id, tab, true);
  }

  /** Show a conversation; of the app its "home" or its "messages". */
  async go(id, tab = "home", quiet = false) {
    const conversation = this.names.channel(id);
    if (!conversation) return;
    closeMenu();
    if (this.world.features?.home === false) tab = "messages";
    const moved = this.here !== conversation && !quiet;
    this.here = conversation;
    this.unread.set(id, 0);
    const part = conversation.kind === "app" && tab === "messages" ? "/messages" : "";
    const address = `?as=${encodeURIComponent(this.me.id)}#${encodeURIComponent(id)}${part}`;
    if (quiet) history.replaceState(null, "", address);
    else if (address !== location.search + location.hash) history.pushState(null, "", address);
    this.rail.show();
    this.#title();
    await this.pane.show(conversation, tab === "messages" ? "messages" : "home");
    // On a phone the focus would bring up the keyboard, over what one came to read.
    if (moved && !topDialog() && matchMedia("(min-width: 800px)").matches) this.pane.focus();
  }

  /** Become somebody else: a new socket, a new world. */
  viewAs(id) {
    if (id === this.me.id) return;
    delete document.documentElement.dataset.ready;
    this.link.end();
    this.modals.reset();
    this.#connect(id);
  }

  /** Ask the server to do something; what it refuses becomes a toast. Says whether it was done. */
  async tell(what, fields) {
    try {
      await this.link.ask(what, fields);
      return true;
    } catch (error) {
      this.toast(error.message);
      return false;
    }
  }

  #hear(frame) {
    const hears = {
      message: () => this.#message(frame),
      changed: () => this.#log(frame.channel)?.put(frame.message),
      deleted: () => this.#log(frame.channel)?.drop(frame.ts),
      view: () => this.modals.show(frame.view, frame.stack),
      view_closed: () => this.modals.remove(frame.view_id, frame.all),
      home: () => this.pane.home?.show(frame.view),
      mail: () => this.tools.mail(),
      files: () => this.tools.files(),
      status: () => this.status.show(frame.bot_connected),
      toast: () => this.toast(frame.text),
    };
    hears[frame.push]?.();
  }

  #log(channel) {
    return this.here?.id === channel ? this.pane.log : null;
  }

  #message({ channel, message, conversation }) {
    if (conversation && !this.names.channel(channel)) this.world.conversations.push(conversation);
    const log = this.#log(channel);
    if (log) log.put(message);
    // What stands in a thread makes nothing unread, as in Slack for who does not follow it.
    if ((log && document.visibilityState === "visible") || isReply(message)) return;
    this.unread.set(channel, (this.unread.get(channel) ?? 0) + 1);
    this.rail.show();
    this.#title();
  }

  #title() {
    const unread = [...this.unread.values()].reduce((sum, each) => sum + each, 0);
    document.title = `${unread ? `(${unread}) ` : ""}${this.here?.name ?? ""} · ${this.world.workspace.name} · practice, not Slack`;
  }
}

addEventListener("error", (event) => toast(`The page has a fault: ${event.message}`));
addEventListener("unhandledrejection", (event) =>
  toast(`The page has a fault: ${event.reason?.message ?? event.reason}`),
);
document
  .querySelector(".banner")
  .after(h("a", { class: "skip", href: "#pane", onclick: skip }, "Skip to the messages"));
new App();

function skip(event) {
  event.preventDefault();
  document.querySelector("[data-testid=composer], .home")?.focus();
}
