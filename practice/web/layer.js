// Things that float above everything: option lists and menus. They live in one layer at the end of the page, so that
// no scrolling box cuts them off.

const GAP = 4;

/**
 * Put a popup beside its anchor and keep it there.
 *
 * @param {HTMLElement} anchor
 * @param {HTMLElement} popup
 * @param {{match?: boolean, end?: boolean, most?: number}} [how] match: at least as wide as the anchor; end: line up the
 *   right edges; most: pixels of height
 * @returns {function(): void} takes it away again
 */
export function float(anchor, popup, how = {}) {
  document.getElementById("layer").append(popup);
  const place = () => {
    if (!popup.isConnected) return undefined;
    if (!anchor.isConnected) return release();
    const box = anchor.getBoundingClientRect();
    const high = document.documentElement.clientHeight;
    const wide = document.documentElement.clientWidth;
    if (how.match) popup.style.minWidth = `${box.width}px`;
    popup.style.maxWidth = `${wide - 16}px`;
    const below = high - box.bottom - GAP - 8;
    const above = box.top - GAP - 8;
    const up = below < Math.min(popup.scrollHeight, 220) && above > below;
    popup.style.maxHeight = `${Math.max(120, Math.min(up ? above : below, how.most ?? 340))}px`;
    const { width, height } = popup.getBoundingClientRect();
    const left = how.end ? box.right - width : box.left;
    popup.style.left = `${Math.max(8, Math.min(left, wide - width - 8))}px`;
    popup.style.top = `${up ? box.top - GAP - height : box.bottom + GAP}px`;
    return undefined;
  };
  // An anchor that is drawn again and so leaves the page shrinks to nothing, which the observer reports.
  const grown = new ResizeObserver(() => requestAnimationFrame(place));
  const release = () => {
    grown.disconnect();
    window.removeEventListener("scroll", place, true);
    window.removeEventListener("resize", place);
    popup.remove();
  };
  grown.observe(popup);
  grown.observe(anchor);
  window.addEventListener("scroll", place, true);
  window.addEventListener("resize", place);
  place();
  return release;
}
