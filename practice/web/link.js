// The WebSocket to the practice server: questions with answers, and what it pushes on its own.

const PATIENCE = 20_000; // milliseconds; Slack itself gives a bot 3 s, so an answer is there long before

export class Link {
  #socket = null;
  #waiting = new Map();
  #next = 1;
  #tries = 0;
  #ended = false;

  /**
   * @param {?string} as the person viewed
   * @param {{push: function(Object): void, up: function(boolean): void, down: function(): void}} hears
   *   up(again): connected, for the first time or again
   */
  constructor(as, hears) {
    this.as = as;
    this.hears = hears;
    this.#connect();
  }

  #connect() {
    const address = new URL("/page", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    if (this.as) address.searchParams.set("as", this.as);
    const socket = new WebSocket(address);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      const again = this.#tries > 0;
      this.#tries = 0;
      this.hears.up(again);
    };
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#ended) return;
      for (const { reject } of this.#waiting.values())
        reject(new Error("The connection to the practice server was lost."));
      this.#waiting.clear();
      if (opened || this.#tries === 0) this.hears.down();
      this.#tries += 1;
      setTimeout(() => this.#ended || this.#connect(), Math.min(4000, 250 * 2 ** Math.min(this.#tries, 4)));
    };
    this.#socket = socket;
  }

  #hear(frame) {
    const asked = this.#waiting.get(frame.re);
    if (frame.re === undefined) this.hears.push(frame);
    else if (asked) {
      this.#waiting.delete(frame.re);
      if (frame.ok) asked.resolve(frame);
      else asked.reject(new Error(frame.error ?? frame.words ?? "Something went wrong."));
    }
  }

  /** Ask the server; rejects with the server's own sentence. */
  ask(what, fields = {}) {
    if (this.#socket.readyState !== WebSocket.OPEN)
      return Promise.reject(new Error("Not connected to the practice server."));
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => this.#waiting.delete(id) && reject(new Error("We had some trouble connecting. Try again?")),
        PATIENCE,
      );
      const settle = (how) => (value) => {
        clearTimeout(late);
        how(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#socket.send(JSON.stringify({ id, do: what, ...fields }));
    });
  }

  /** Hang up for good: another person is viewed from now on. */
  end() {
    this.#ended = true;
    this.#waiting.clear();
    this.#socket.close();
  }
}
