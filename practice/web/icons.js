// Line icons on a 20 by 20 grid, drawn with the current text colour.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  shared:
    "M8.3 11.7a3.2 3.2 0 0 0 4.5 0l2.8-2.8a3.2 3.2 0 0 0-4.5-4.5l-1 1M11.7 8.3a3.2 3.2 0 0 0-4.5 0l-2.8 2.8a3.2 3.2 0 0 0 4.5 4.5l1-1",
  key: "M10.2 9.8 17 3m-3 3 2.5 2.5M12 12.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0",
  close: "M5 5l10 10M15 5 5 15",
  more: "M10 4.5v.01M10 10v.01M10 15.5v.01",
  dots: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  down: "M5.5 8l4.5 4.5L14.5 8",
  send: "M3.5 4 17 10 3.5 16l1.8-6zM5.3 10H10",
  eye: "M2 10s3-5.5 8-5.5 8 5.5 8 5.5-3 5.5-8 5.5S2 10 2 10zM12.3 10a2.3 2.3 0 1 1-4.6 0 2.3 2.3 0 0 1 4.6 0",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  mail: "M2.5 4.5h15v11h-15zM3 5l7 6 7-6",
  phone: "M6 2.5h8v15H6zM9 15h2",
  door: "M11 3H5v14h6M9 10h8m-3-3 3 3-3 3",
  chat: "M3 4h14v9.5H9L5.5 17v-3.5H3z",
  copy: "M7 7h9.5v9.5H7zM4 13H3.5V3.5H13V4",
  check: "M4 10.5 8 14.5 16 6",
  slash: "M13.5 3.5 6.5 16.5",
  at: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0v1a2 2 0 0 0 4 0v-1a7 7 0 1 0-3 5.7",
  warn: "M10 3 18 16.5H2zM10 8v4M10 14.3v.01",
  calendar: "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3",
  file: "M5 2.5h6.5l4 4v11H5zM11.5 2.5v4h4",
  download: "M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13",
  bin: "M3.5 5.5h13M8 5.5V3h4v2.5M5.5 5.5l.8 11.5h7.4l.8-11.5M8.3 8.5v5.5M11.7 8.5v5.5",
  back: "M12.5 4.5 7 10l5.5 5.5",
};

/** A decorative icon; its meaning must stand in words beside it or in the button's label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A ring that empties: set --left (0 to 1) on it. */
export function ring() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 36 36");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "ring");
  for (const part of ["track", "hand"]) {
    const circle = document.createElementNS(SVG, "circle");
    for (const [name, value] of Object.entries({ cx: 18, cy: 18, r: 15, pathLength: 100, class: `ring-${part}` })) {
      circle.setAttribute(name, value);
    }
    svg.append(circle);
  }
  return svg;
}
