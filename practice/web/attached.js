// Files that a message shows, and those of the person viewed: name, size, a link to download, a button to delete.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const KB = 1024;

/** A size as people say it. */
export function sizeWords(bytes) {
  if (bytes < KB) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const [size, unit] = bytes < KB * KB ? [bytes / KB, "KB"] : [bytes / KB / KB, "MB"];
  return `${size < 10 ? Number(size.toFixed(1)) : Math.round(size)} ${unit}`;
}

/** One file as a card. */
export function fileCard(file, app) {
  if (file.mode === "tombstone")
    return h("li", { class: "file-card file-gone", "data-testid": "file-gone" }, icon("file"), "This file was deleted.");
  // The address of the page, which may be opened as localhost as well as by number.
  const href = `${new URL(file.permalink).pathname}?${new URLSearchParams({ as: app.me.id })}`;
  const mine = file.user === app.me.id;
  return h(
    "li",
    { class: "file-card", "data-testid": "file", "data-file-id": file.id },
    icon("file"),
    h(
      "span",
      { class: "file-words" },
      h("span", { class: "file-name" }, file.title || file.name),
      h("span", { class: "file-more" }, `${file.pretty_type} · ${sizeWords(file.size)}`),
    ),
    h(
      "a",
      {
        class: "btn btn-icon",
        href,
        download: file.name,
        "aria-label": `Download ${file.name}`,
        title: "Download",
        "data-testid": "download",
      },
      icon("download"),
    ),
    mine &&
      h(
        "button",
        {
          type: "button",
          class: "btn btn-icon",
          "aria-label": `Delete ${file.name}`,
          title: "Delete",
          "data-testid": "delete-file",
          onclick: () => app.tell("delete_file", { file: file.id }),
        },
        icon("bin"),
      ),
  );
}

/** The files of a message, or nothing. */
export function attached(files, app) {
  if (!files?.length) return null;
  return h(
    "ul",
    { class: "attached", "aria-label": files.length === 1 ? "One file" : `${files.length} files` },
    files.map((file) => fileCard(file, app)),
  );
}
