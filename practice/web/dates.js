// Times in the reader's own zone, in Slack's words.

const format = (options) => new Intl.DateTimeFormat("en", options);
const TIME = format({ hour: "numeric", minute: "2-digit" });
const TIME_SECONDS = format({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const LONG_DAY = format({ weekday: "long", month: "long", day: "numeric" });
const WHOLE = format({
  weekday: "long",
  year: "numeric",
  month: "long",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
});
const DATE = format({ year: "numeric", month: "long", day: "numeric" });
const DATE_SHORT = format({ year: "numeric", month: "short", day: "numeric" });
const DATE_LONG = format({ weekday: "long", year: "numeric", month: "long", day: "numeric" });

/** Days from now to then, by the calendar. */
function daysFrom(when, now) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(when) - midnight(now)) / 86_400_000);
}

function pretty(when, now, otherwise) {
  return { 0: "today", 1: "tomorrow", "-1": "yesterday" }[daysFrom(when, now)] ?? otherwise.format(when);
}

function ago(when, now) {
  const seconds = Math.round((when.getTime() - now.getTime()) / 1000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(seconds, "second");
}

/** A message's timestamp ("1712345678.000100") as a Date. */
export function dateOf(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

export const clock = (when) => TIME.format(when);
export const whole = (when) => WHOLE.format(when);
export const shortDate = (when) => DATE_SHORT.format(when);

/** A divider's words: Today, Yesterday, or the day. */
export function dayWords(when, now = new Date()) {
  return { 0: "Today", "-1": "Yesterday" }[daysFrom(when, now)] ?? LONG_DAY.format(when);
}

/** A mail's date for a list: the time if it is of today, else the day. */
export function listDate(when, now = new Date()) {
  return daysFrom(when, now) === 0 ? clock(when) : DATE_SHORT.format(when);
}

/** Slack's <!date^seconds^pattern> pattern, filled in. */
export function slackDate(seconds, pattern, now = new Date()) {
  const when = new Date(seconds * 1000);
  const words = {
    date_num: () => when.toLocaleDateString("sv"),
    date: () => DATE.format(when),
    date_slash: () => when.toLocaleDateString("en"),
    date_short: () => DATE_SHORT.format(when),
    date_long: () => DATE_LONG.format(when),
    date_pretty: () => pretty(when, now, DATE),
    date_short_pretty: () => pretty(when, now, DATE_SHORT),
    date_long_pretty: () => pretty(when, now, DATE_LONG),
    time: () => TIME.format(when),
    time_secs: () => TIME_SECONDS.format(when),
    ago: () => ago(when, now),
  };
  return pattern.replace(/\{(\w+)\}/g, (asTyped, name) => words[name]?.() ?? asTyped);
}
