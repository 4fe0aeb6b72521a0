// What a person has chosen and typed, in the shape of Slack's view.state.values: {block_id: {action_id: state}}.

const FIRST = {
  plain_text_input: (e) => ({ value: e.initial_value ?? null }),
  static_select: (e) => ({ selected_option: e.initial_option ?? null }),
  external_select: (e) => ({ selected_option: e.initial_option ?? null }),
  users_select: (e) => ({ selected_user: e.initial_user ?? null }),
  multi_static_select: (e) => ({ selected_options: e.initial_options ?? [] }),
  multi_external_select: (e) => ({ selected_options: e.initial_options ?? [] }),
  multi_users_select: (e) => ({ selected_users: e.initial_users ?? [] }),
  checkboxes: (e) => ({ selected_options: e.initial_options ?? [] }),
  radio_buttons: (e) => ({ selected_option: e.initial_option ?? null }),
  datepicker: (e) => ({ selected_date: e.initial_date ?? null }),
  timepicker: (e) => ({ selected_time: e.initial_time ?? null }),
  datetimepicker: (e) => ({ selected_date_time: e.initial_date_time ?? null }),
  number_input: (e) => ({ value: e.initial_value ?? null }),
  file_input: () => ({ files: [] }),
};

/** An element's state before anybody touched it, or null for those that have none (buttons, images). */
export function firstState(element) {
  const make = FIRST[element?.type];
  return make ? { type: element.type, ...make(element) } : null;
}

/** Every element with a state in these blocks, as [block, element]. */
export function stateful(blocks) {
  const found = [];
  for (const block of blocks ?? []) {
    const elements = { input: [block.element], section: [block.accessory], actions: block.elements }[block.type] ?? [];
    for (const element of elements) if (FIRST[element?.type]) found.push([block, element]);
  }
  return found;
}

/** Whether a state holds nothing: what Slack calls an unfilled field. */
export function isEmpty(state) {
  const { type, ...rest } = state;
  return Object.values(rest).every(
    (value) => value === null || value === "" || (Array.isArray(value) && value.length === 0),
  );
}

/** The states of one view or message. They outlive a re-rendering where block_id and action_id stay, as in Slack. */
export class Values {
  #states = {};
  #waiting = new Map();

  /** Take over these blocks: keep what is still there, forget what is gone, begin what is new. */
  adopt(blocks) {
    const before = this.#states;
    this.#states = {};
    for (const [block, element] of stateful(blocks)) {
      const kept = before[block.block_id]?.[element.action_id];
      this.put(block.block_id, element.action_id, kept?.type === element.type ? kept : firstState(element));
    }
    return this;
  }

  get(blockId, actionId) {
    return this.#states[blockId]?.[actionId] ?? null;
  }

  put(blockId, actionId, state) {
    (this.#states[blockId] ??= {})[actionId] = state;
  }

  /** Count what is still on its way for a block: +1 when a file sets out, -1 when it has come or failed. */
  wait(blockId, more = 0) {
    const count = (this.#waiting.get(blockId) ?? 0) + more;
    this.#waiting.set(blockId, count);
    return count;
  }

  /** A copy, for the wire. */
  all() {
    return structuredClone(this.#states);
  }
}

/** What Slack's own client refuses before it sends a submission: {block_id: sentence}. */
export function unfilled(blocks, values) {
  const errors = {};
  for (const [block, element] of stateful(blocks)) {
    if (block.type !== "input") continue;
    const state = values.get(block.block_id, element.action_id);
    if (values.wait(block.block_id)) {
      errors[block.block_id] = "Please wait until the file is uploaded.";
    } else if (isEmpty(state)) {
      if (!block.optional) errors[block.block_id] = "Please complete this required field.";
    } else if (element.min_length && state.value.length < element.min_length) {
      errors[block.block_id] = `Please enter at least ${element.min_length} characters.`;
    } else if (element.max_length && state.value.length > element.max_length) {
      errors[block.block_id] = `Please enter at most ${element.max_length} characters.`;
    }
  }
  return errors;
}
