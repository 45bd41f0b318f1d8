// The page's own words, and the language they are in.

const KEY = "piaoda.language";
const KNOWN = ["zh", "en", "ja"];

let words = {};
let current = "zh";
const listeners = [];

/** The words behind a key; the key itself while they are not here yet. */
export const say = (key) => words[key] ?? "";

/** The language of the page. */
export const language = () => current;

/** What the server says about itself: demo, languages, largest_file. */
export const facts = () => ({
  demo: words.demo === true,
  languages: words.languages ?? {},
  largest: words.largest_file ?? 20_000_000,
});

/** Calls back now and whenever the language changes. */
export function onWords(listener) {
  listeners.push(listener);
  listener();
}

/** The language chosen here before, or else the browser's first that we have. */
export function firstLanguage() {
  const kept = read();
  if (kept) return kept;
  for (const wish of navigator.languages ?? [navigator.language]) {
    const short = wish.toLowerCase().split("-")[0];
    if (KNOWN.includes(short)) return short;
  }
  return "en";
}

/** Puts the page into a language; throws when the words cannot be had. */
export async function useLanguage(code, { remember = false } = {}) {
  const answer = await fetch(`/chat/words/${encodeURIComponent(code)}`);
  if (!answer.ok) throw new Error(`words: ${answer.status}`);
  words = await answer.json();
  current = code;
  if (remember) {
    try {
      localStorage.setItem(KEY, code);
    } catch {
      // Kept for this visit only.
    }
  }
  document.documentElement.lang = { zh: "zh-CN" }[code] ?? code;
  for (const listener of listeners) listener();
}

function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Hour and minute of a time. */
export const clock = (date) =>
  new Intl.DateTimeFormat(current, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(date);

/** The day of a time, as a separator says it. */
export function day(date) {
  const today = new Date();
  if (sameDay(date, today)) return say("today");
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (sameDay(date, yesterday)) return say("yesterday");
  const parts = { month: "long", day: "numeric", weekday: "short" };
  if (date.getFullYear() !== today.getFullYear()) parts.year = "numeric";
  return new Intl.DateTimeFormat(current, parts).format(date);
}

/** Whether two times are on one day. */
export const sameDay = (one, other) => one.toDateString() === other.toDateString();
