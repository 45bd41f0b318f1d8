// The elements of one message. Texts of others become text nodes only, never markup.

import { words } from "./lines.js";
import { icon, make } from "./make.js";
import { clock, say } from "./words.js";

const SHOWN = /^image\/(jpeg|png|gif|webp|bmp|avif)$/;
const SHOWN_NAME = /\.(jpe?g|png|gif|webp)$/i;
const FINAL = new Set(["too_large", "empty", "unreadable"]); // trying again would change nothing

/** A whole message; `on` has choice(choice), picture(address, name), retry(), discard(). */
export function messageRow(entry, on) {
  const mine = entry.from === "me";
  const row = make("div", `row ${mine ? "mine" : "bot"}`);
  const bubble = make("div", "bubble");
  bubble.dir = "auto";
  if (entry.language && !mine) bubble.lang = entry.language;
  bubble.append(make("span", "unseen author"));
  for (const file of entry.files ?? []) bubble.append(filePart(file, on));
  if (entry.text) bubble.append(mine ? make("span", "words", entry.text) : words(entry));
  if (!entry.text && entry.files?.length) row.classList.add("only-files");
  const meta = make("span", "meta");
  const time = make("time", "", "");
  meta.append(time);
  if (mine) meta.append(make("span", "state"));
  bubble.append(meta);
  const fresh = make("div", "fresh");
  fresh.hidden = true;
  row.append(make("div", "day"), fresh, bubble);
  if (entry.choices?.length) row.append(choices(entry.choices, on));
  return row;
}

/** Puts what depends on the language and the state into a row. */
export function label(row, { mine, at, state, reason, progress, fresh }, on) {
  row.querySelector(".author").textContent = `${say(mine ? "me" : "bot")}: `;
  const time = row.querySelector("time");
  time.dateTime = at.toISOString();
  time.textContent = clock(at);
  row.querySelector(".choices")?.setAttribute("aria-label", say("choices"));
  row.querySelector(".fresh").hidden = !fresh;
  row.querySelector(".fresh").textContent = fresh ? say("fresh") : "";
  if (!mine) return;
  showState(row, state, reason, on);
  showProgress(row, state === "waiting" ? progress : undefined);
}

/** How much of a file has gone out; the bar lies over the message and moves nothing. */
function showProgress(row, progress) {
  const old = row.querySelector("progress");
  if (progress === undefined) {
    old?.remove();
    return;
  }
  const bar = old ?? make("progress", "");
  bar.max = 1;
  bar.value = progress;
  bar.setAttribute("aria-label", say("state.waiting"));
  if (!old) row.querySelector(".bubble").append(bar);
}

function showState(row, state, reason, on) {
  row.dataset.state = state;
  const mark = row.querySelector(".state");
  mark.replaceChildren(icon(state), make("span", "unseen", say(`state.${FINAL.has(reason) ? "lost" : state}`)));
  const old = row.querySelector(".again");
  if (state !== "failed") {
    old?.remove();
    return;
  }
  const why = say(`failed.${reason}`) || say("state.failed");
  const retry = FINAL.has(reason) ? make("span", "why", why) : retryButton(why, on);
  row.querySelector(".bubble").onclick = (event) => {
    const again = row.dataset.state === "failed" && !FINAL.has(reason);
    if (again && !event.target.closest("button, a")) on.retry();
  };
  const discard = make("button", "discard", icon("close"));
  discard.type = "button";
  discard.setAttribute("aria-label", say("discard"));
  discard.title = say("discard");
  discard.addEventListener("click", on.discard);
  const again = make("div", "again", retry, discard);
  old ? old.replaceWith(again) : row.append(again);
}

function retryButton(why, on) {
  const retry = make("button", "retry", why);
  retry.type = "button";
  retry.title = say("state.failed");
  retry.append(make("span", "unseen", ` ${say("state.failed")}`));
  retry.addEventListener("click", on.retry);
  return retry;
}

function choices(list, on) {
  const group = make("div", "choices");
  group.setAttribute("role", "group");
  for (const choice of list) {
    const button = make("button", "choice", choice.label);
    button.type = "button";
    button.addEventListener("click", () => on.choice(choice));
    group.append(button);
  }
  return group;
}

/** A file: its picture, or a chip to download. `file.local` is an address while it is not sent yet. */
function filePart(file, on) {
  const address = file.local ?? addressOf(file);
  if (!SHOWN.test(file.mime) && !(file.mime === "" && SHOWN_NAME.test(file.name))) return chip(file);
  const picture = make("img");
  picture.alt = file.name || say("picture");
  picture.decoding = "async";
  const button = make("button", "picture", picture);
  button.type = "button";
  button.addEventListener("click", () => on.picture(picture.src, picture.alt));
  picture.addEventListener("error", () => button.replaceWith(chip(file)));
  picture.src = address;
  return button;
}

function chip(file) {
  const type = /\.([a-z0-9]{1,5})$/i.exec(file.name)?.[1] ?? "";
  const badge = make("span", "type", type.toUpperCase().slice(0, 4) || "…");
  badge.dataset.type = type.toLowerCase();
  badge.setAttribute("aria-hidden", "true");
  const name = make("span", "name", file.name || say("file"));
  const size = make("span", "size", sizeOf(file.size));
  const part = make(file.digest ? "a" : "span", "file", badge, make("span", "about", name, size));
  if (file.digest) {
    part.href = addressOf(file);
    part.download = file.name;
    part.title = say("download");
  }
  return part;
}

const addressOf = (file) => `/chat/files/${file.digest}?${new URLSearchParams({ name: file.name })}`;

function sizeOf(bytes) {
  if (!bytes) return "";
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
