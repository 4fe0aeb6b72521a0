// The six selects: static, external (asks the bot) and users, each for one or for several.

import { Combobox } from "./combobox.js";
import { words } from "./mrkdwn.js";
import { avatar } from "./people.js";

const LEAST = 3; // Slack's min_query_length where a view says nothing

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Groups of options, or options alone, as one list of groups. */
export function groupsOf(answer) {
  if (answer.option_groups?.length)
    return answer.option_groups.map((group) => ({ label: words(group.label), options: group.options }));
  return [{ label: null, options: answer.options ?? [] }];
}

/** The options whose name or description holds every word of the query. */
export function matching(groups, query) {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  const fits = (option) => {
    const text = fold(`${words(option.text)} ${words(option.description)}`);
    return wanted.every((word) => text.includes(word));
  };
  return groups
    .map((group) => ({ ...group, options: group.options.filter(fits) }))
    .filter((group) => group.options.length);
}

function personOption(person) {
  return {
    value: person.id,
    text: { type: "plain_text", text: person.name, emoji: false },
    description: { type: "plain_text", text: person.title ?? "" },
    person,
  };
}

/** What the kinds differ in: where options come from, and how the choice is kept. */
const KINDS = {
  static: {
    least: () => 0,
    source: (element) => (query) => Promise.resolve(matching(groupsOf(element), query)),
    chosen: (state) => state.selected_options ?? [state.selected_option],
    keep: (multi, options) => (multi ? { selected_options: options } : { selected_option: options[0] ?? null }),
  },
  external: {
    least: (element) => element.min_query_length ?? LEAST,
    source: (element, place) => async (query) => groupsOf(await place.ctx.suggest(place.block, element, query)),
    chosen: (state) => state.selected_options ?? [state.selected_option],
    keep: (multi, options) => (multi ? { selected_options: options } : { selected_option: options[0] ?? null }),
  },
  users: {
    least: () => 0,
    source: (_, place) => (query) =>
      Promise.resolve(matching([{ label: null, options: place.ctx.names.people().map(personOption) }], query)),
    chosen: (state, place) =>
      (state.selected_users ?? [state.selected_user]).map(
        (id) => id && personOption(place.ctx.names.person(id) ?? { id, name: id }),
      ),
    keep: (multi, options) =>
      multi ? { selected_users: options.map((each) => each.value) } : { selected_user: options[0]?.value ?? null },
  },
};

/** Render a select; `place` says where it stands (see elements.js). */
export function select(element, place) {
  const multi = element.type.startsWith("multi_");
  const kind = KINDS[element.type.replace("multi_", "").replace("_select", "")];
  const state = place.ctx.values.get(place.block.block_id, element.action_id);
  const combo = new Combobox({
    id: place.id,
    label: place.label,
    describedBy: place.describedBy,
    placeholder: words(element.placeholder) || (multi ? "Select options" : "Select an option"),
    multi,
    most: element.max_selected_items,
    least: kind.least(element),
    remote: element.type.includes("external"),
    chosen: kind.chosen(state, place).filter(Boolean),
    source: kind.source(element, place),
    name: (option) => words(option.text),
    picture: (option) => option.person?.kind && avatar(option.person, "small"),
    onchange: (options) => place.changed(element, { type: element.type, ...kind.keep(multi, options.map(plain)) }),
  });
  combo.node.dataset.testid = "select";
  combo.input.dataset.actionId = element.action_id;
  return combo.node;
}

/** An option as Slack sends it back: its text and value. */
function plain({ text, value, description }) {
  return description?.text ? { text, value, description } : { text, value };
}
