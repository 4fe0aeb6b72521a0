// The field in which a person chooses files. Each is sent at once, as in Slack: what is submitted is the list of them.

import { sizeWords } from "./attached.js";
import { h, refill } from "./dom.js";
import { icon } from "./icons.js";

const MOST = 10; // Slack's max_files where a view says nothing

// A view may be drawn anew while a file is on its way: what draws the list now, by where the field stands.
const drawn = new Map();

export function fileInput(element, place) {
  const { block, ctx } = place;
  const at = `${ctx.container.view_id} ${block.block_id} ${element.action_id}`;
  const most = element.max_files ?? MOST;
  const kinds = (element.filetypes ?? []).map((each) => each.toLowerCase());
  const files = () => ctx.values.get(block.block_id, element.action_id)?.files ?? [];
  const keep = (list) => place.changed(element, { type: element.type, files: list });
  const list = h("ul", { class: "chosen-files", "data-testid": "chosen-files" });
  const status = h("p", { class: "hint", role: "status" });
  const problem = h("p", { class: "field-error", role: "alert", "data-testid": "file-problem", hidden: true });
  const input = h("input", {
    id: place.id,
    class: "field-file",
    type: "file",
    multiple: most > 1,
    accept: kinds.map((each) => `.${each}`).join(",") || null,
    "aria-label": place.label,
    "aria-describedby": place.describedBy,
    "data-action-id": element.action_id,
    onchange: choose,
  });

  function show(words = null) {
    const under = ctx.values.wait(block.block_id);
    status.textContent = under ? (under === 1 ? "Uploading a file …" : `Uploading ${under} files …`) : "";
    refill(
      list,
      files().map((file) =>
        h(
          "li",
          { class: "chosen-file", "data-testid": "chosen-file" },
          icon("file"),
          h("span", { class: "chosen-name" }, file.name),
          h("span", { class: "chosen-size" }, sizeWords(file.size)),
          h(
            "button",
            { type: "button", class: "btn btn-icon", "aria-label": `Remove ${file.name}`, onclick: () => drop(file) },
            icon("close"),
          ),
        ),
      ),
    );
    list.hidden = files().length === 0;
    if (words === null) return;
    problem.textContent = words;
    problem.hidden = words === "";
  }

  function drop(file) {
    keep(files().filter((each) => each.id !== file.id));
    show("");
    input.focus();
  }

  function refusal(file) {
    const kind = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
    if (kinds.length && !kinds.includes(kind))
      return `${file.name} is not of a type that is taken here: ${kinds.join(", ")}.`;
    if (file.size > ctx.most) return `${file.name} is too big: at most ${sizeWords(ctx.most)}.`;
    return "";
  }

  async function choose() {
    const picked = [...input.files];
    input.value = "";
    const refused = picked.map(refusal).find(Boolean);
    if (refused) return show(refused);
    // Where one file is taken, another takes its place.
    const there = most === 1 ? 0 : files().length;
    if (there + ctx.values.wait(block.block_id) + picked.length > most)
      return show(most === 1 ? "One file can be chosen." : `At most ${most} files can be chosen.`);
    if (most === 1 && picked.length) keep([]);
    show("");
    return Promise.all(picked.map(send));
  }

  async function send(file) {
    let words = "";
    ctx.values.wait(block.block_id, 1);
    show();
    try {
      const sent = await ctx.upload(block, element, file);
      keep([...files(), sent]);
    } catch (error) {
      words = error.message;
    }
    ctx.values.wait(block.block_id, -1);
    drawn.get(at)?.(words);
  }

  drawn.set(at, show);
  show();
  return h("div", { class: "file-field" }, input, status, list, problem);
}
