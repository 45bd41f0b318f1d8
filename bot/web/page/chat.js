// The chat page: puts its parts together.

import { history, newId } from "./calls.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { make } from "./make.js";
import { Outbox } from "./outbox.js";
import { Scroll } from "./scroll.js";
import { Stream } from "./stream.js";
import { facts, firstLanguage, language, onWords, say, useLanguage } from "./words.js";

const EXAMPLES = ["one", "two", "three", "four"];
const TYPING_AFTER = 300; // an answer that is there at once needs no sign before it

const at = (id) => document.getElementById(id);
let online = null; // not known yet
let working = false;
let unseen = 0;
let older = false; // there are messages before the oldest one here
let begun = false; // something other than a change of language was said
let place = 0; // of a message among those of the same instant

const scroll = new Scroll(at("scroller"), at("to-end"), at("newest"));
const viewer = at("viewer");
const log = new Log(at("log"), {
  choice: ({ label, action }) => send({ text: label, action }),
  picture: (address, name) => {
    at("viewer-picture").src = address;
    at("viewer-picture").alt = name;
    viewer.showModal();
  },
  retry: (id) => outbox.retry(id),
  discard: (id) => {
    outbox.drop(id);
    log.remove(id);
  },
});
const outbox = new Outbox((entry) => log.setState(entry));
const stream = new Stream({
  message: (entry) => {
    if (entry.from === "me") outbox.drop(entry.id);
    if (!log.show(entry)) return;
    showWelcome(entry);
    if (entry.from === "bot" && (document.hidden || !scroll.atEnd)) log.markFresh(entry.seq);
    scroll.arrived();
    if (entry.from === "bot" && document.hidden) unseen += 1;
    showTitle();
  },
  working: (flag) => {
    working = flag;
    showStatus();
  },
  online: (flag) => {
    const back = flag && online === false;
    online = flag;
    showStatus();
    if (back) outbox.resume();
    else if (flag) outbox.kick();
  },
});
const composer = new Composer((text, files) => {
  const album = files.length > 1 || (files.length && text) ? newId() : undefined;
  for (const file of files) sendOne(file, album);
  if (text) send({ text, album }); // after its files: it is their caption
});

function send({ text, action, album }) {
  add({ id: newId(), text, action, album });
}

function sendOne(file, album) {
  const about = { name: file.name, mime: file.type, size: file.size };
  add({ id: newId(), text: "", album, file: about }, file);
}

function add(entry, content) {
  place += 1;
  const whole = { ...entry, place, language: language(), at: Date.now() };
  const reason = content && (content.size === 0 ? "empty" : content.size > facts().largest ? "too_large" : null);
  log.clearFresh();
  show({ ...whole, state: reason ? "failed" : "waiting", reason }, content);
  if (!reason) outbox.add(whole, content);
  scroll.toEnd();
}

function show(entry, content) {
  const local = content && URL.createObjectURL(content);
  const files = entry.file ? [{ ...entry.file, local }] : [];
  log.await({ ...entry, from: "me", files });
  showWelcome({ ...entry, from: "me" });
}

function showStatus() {
  const text = online === null || online === false ? "connecting" : working ? "typing" : "subtitle";
  at("status").textContent = say(text);
  at("status").dataset.state = text;
  at("offline").hidden = online !== false;
  if (online === false) at("offline").textContent = say("offline");
  clearTimeout(showStatus.timer);
  if (!working) at("typing").hidden = true;
  else showStatus.timer = setTimeout(() => {
    at("typing").hidden = false;
  }, TYPING_AFTER);
}

function showTitle() {
  if (!document.hidden) unseen = 0;
  document.title = unseen ? `(${unseen}) ${say("title")}` : say("title");
}

/** The welcome stands until the first message. */
function showWelcome(entry) {
  begun ||= entry?.from === "me" && !entry.action?.startsWith("language:");
  at("welcome").hidden = begun;
}

function showWords() {
  showStatus();
  showTitle();
  at("demo").textContent = say("demo_badge");
  at("demo").hidden = !facts().demo;
  at("scroller").setAttribute("aria-label", say("log"));
  at("log").setAttribute("aria-label", say("log"));
  at("viewer-close").setAttribute("aria-label", say("close"));
  at("welcome-title").textContent = say("welcome.title");
  at("welcome-text").textContent = say("welcome.text");
  at("welcome-start").textContent = say("welcome.start");
  at("welcome-examples").textContent = say("welcome.examples");
  at("examples").replaceChildren(...EXAMPLES.map((name) => example(say(`example.${name}`))));
  at("languages").setAttribute("aria-label", say("language"));
  showLanguages();
}

function example(text) {
  const button = make("button", "choice", text);
  button.type = "button";
  button.addEventListener("click", () => send({ text }));
  return button;
}

function showLanguages() {
  const focused = document.activeElement?.dataset.language;
  const buttons = Object.entries(facts().languages).map(([code, { short, name }]) => {
    const button = make("button", "", short);
    button.type = "button";
    button.lang = code;
    button.title = name;
    button.dataset.language = code;
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-pressed", String(code === language()));
    button.addEventListener("click", () => choose(code, name));
    return button;
  });
  at("languages").replaceChildren(...buttons);
  buttons.find((button) => button.dataset.language === focused)?.focus();
}

async function choose(code, name) {
  if (code === language()) return;
  await useLanguage(code, { remember: true }).catch(() => {}); // offline: the bot is told all the same
  send({ text: name, action: `language:${code}` });
}

/** What was said before the oldest message here. */
async function showOlder() {
  if (!older) return;
  older = false; // until we know better, and so that it is asked once
  const found = await history(log.oldest);
  if (!found) {
    older = true; // at the next scroll
    return;
  }
  log.busy(true);
  scroll.above(() => found.messages.forEach((entry) => log.show(entry)));
  log.busy(false);
  older = found.more;
}

/** Tries until it works. */
async function insist(attempt) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    const result = await attempt().catch(() => null);
    if (result) return result;
    online = false;
    showStatus();
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function begin() {
  onWords(showWords);
  await insist(async () => {
    await useLanguage(firstLanguage());
    return true;
  });
  const { messages, more } = await insist(() => history());
  older = more;
  begun ||= more;
  for (const entry of messages) {
    log.show(entry);
    showWelcome(entry);
  }
  for (const entry of outbox.entries) {
    if (log.has(entry.id)) outbox.drop(entry.id);
    else show(entry, entry.file && (await outbox.content(entry.id)));
  }
  log.busy(false);
  showWelcome();
  if (at("welcome").hidden) scroll.toEnd();
  else scroll.toTop();
  scroll.onStart(showOlder);
  stream.start(messages.at(-1)?.seq ?? 0);
  outbox.kick();
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) composer.focus();
}

at("welcome-start").addEventListener("click", () => send({ text: say("welcome.start"), action: "start" }));
at("viewer-close").addEventListener("click", () => viewer.close());
viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
document.addEventListener("visibilitychange", showTitle);
begin();
