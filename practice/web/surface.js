// What a message, a modal and a Home have in common: names, values, and the way to the bot.

import { confirmed } from "./confirm.js";

/**
 * The context with which blocks are rendered.
 *
 * @param {Object} app
 * @param {Object} container where it happens, as the server wants it: {type, channel?, ts?, view_id?}
 * @param {import("./values.js").Values} values
 * @param {{touched?: function(string): void}} [more]
 */
export function surface(app, container, values, more = {}) {
  return {
    names: app.names,
    container,
    most: app.world.limits.file_input,
    // A modal has a title of its own, so that its headers stand one lower.
    heading: container.type === "view" ? "h3" : "h2",
    values,
    ...more,
    /** Send one action; false when the person said no in the confirm dialog, or when Slack refused. */
    async act(block, element, state, begun) {
      if (element.confirm && !(await confirmed(element.confirm, app.names))) return false;
      begun?.();
      const action = { ...state, block_id: block.block_id, action_id: element.action_id };
      return app.tell("act", { container, action, values: values.all() });
    },
    /** Send a file to the workspace; answers Slack's object for it. */
    async upload(block, element, file) {
      const where = { view_id: container.view_id, block_id: block.block_id, action_id: element.action_id };
      const query = new URLSearchParams({ as: app.me.id, name: file.name, ...where });
      const response = await fetch(`/page/files?${query}`, { method: "POST", body: file });
      const answer = await response.json();
      if (!answer.ok) throw new Error(answer.error);
      return answer.file;
    },
    /** Options of an external select for what was typed. */
    suggest(block, element, value) {
      return app.link.ask("suggest", { container, block_id: block.block_id, action_id: element.action_id, value });
    },
  };
}
