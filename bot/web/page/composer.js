// Where the user writes, pastes, drops and picks.

import { icon, make } from "./make.js";
import { onWords, say } from "./words.js";

const DRAFT = "piaoda.draft";
const TALLEST = 160; // pixels

export class Composer {
  #form = document.getElementById("composer");
  #text = document.getElementById("text");
  #send = document.getElementById("send");
  #tray = document.getElementById("tray");
  #files = [];
  #on;

  /** `on` is called with the words and the files of each message. */
  constructor(on) {
    this.#on = on;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => {
      // While a word is being composed, Enter belongs to the input method.
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || composing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => this.#changed());
    this.#picker("attach", "files");
    this.#picker("camera", "photo");
    this.#paste();
    this.#drop();
    addEventListener("keydown", (event) => this.#typeAnywhere(event));
    this.#text.value = draft() ?? "";
    this.#changed();
    onWords(() => this.#name());
  }

  focus() {
    this.#text.focus({ preventScroll: true });
  }

  #submit() {
    const text = this.#text.value.trim();
    const files = this.#files;
    if (!text && !files.length) return;
    this.#text.value = "";
    this.#files = [];
    this.#showTray();
    this.#changed();
    this.#on(text, files);
    this.focus();
  }

  #changed() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, TALLEST)}px`;
    this.#send.disabled = !this.#text.value.trim() && !this.#files.length;
    draft(this.#text.value);
  }

  #name() {
    this.#text.placeholder = say("placeholder");
    for (const [id, key] of [["text", "composer"], ["send", "send"], ["attach", "attach"], ["camera", "camera"], ["tray", "tray"]]) {
      const element = document.getElementById(id);
      element.setAttribute("aria-label", say(key));
      if (element.tagName === "BUTTON") element.title = say(key);
    }
    document.getElementById("drop-text").textContent = say("drop");
    this.#showTray();
  }

  #picker(button, input) {
    const field = document.getElementById(input);
    document.getElementById(button).addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      const files = [...field.files];
      field.value = ""; // the same file may be picked again
      if (files.length) this.#on("", files);
    });
  }

  #paste() {
    addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      // Office programs put a picture of the text beside the text.
      if (!files.length || types.includes("text/plain")) return;
      event.preventDefault();
      this.#hold([...files]);
    });
  }

  #drop() {
    const page = document.getElementById("app");
    let depth = 0;
    const carries = (event) => event.dataTransfer?.types.includes("Files");
    const over = (shown) => page.classList.toggle("dropping", shown);
    addEventListener("dragenter", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      depth += 1;
      over(true);
    });
    addEventListener("dragleave", (event) => {
      if (!carries(event)) return;
      depth = Math.max(0, depth - 1);
      over(depth > 0);
    });
    addEventListener("dragover", (event) => {
      if (carries(event)) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      depth = 0;
      over(false);
      if (!carries(event)) return;
      event.preventDefault();
      this.#hold([...event.dataTransfer.files]);
    });
  }

  /** What was pasted or dropped waits for a look before it goes out. */
  #hold(files) {
    this.#files.push(...files);
    this.#showTray();
    this.#changed();
    this.focus();
  }

  #showTray() {
    for (const picture of this.#tray.querySelectorAll("img")) URL.revokeObjectURL(picture.src);
    this.#tray.replaceChildren(...this.#files.map((file, place) => this.#held(file, place)));
    this.#tray.hidden = !this.#files.length;
  }

  #held(file, place) {
    const name = make("span", "name", file.name);
    const item = make("li", "held");
    if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) {
      const picture = make("img");
      picture.alt = "";
      picture.src = URL.createObjectURL(file);
      item.append(picture);
    }
    const remove = make("button", "remove", icon("close"));
    remove.type = "button";
    remove.setAttribute("aria-label", `${say("remove")}: ${file.name}`);
    remove.addEventListener("click", () => {
      this.#files.splice(place, 1);
      this.#showTray();
      this.#changed();
      this.focus();
    });
    item.append(name, remove);
    return item;
  }

  #typeAnywhere(event) {
    const nowhere = document.activeElement === document.body || document.activeElement?.id === "scroller";
    const types = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (nowhere && types) this.focus();
  }
}

function draft(text) {
  try {
    if (text === undefined) return sessionStorage.getItem(DRAFT);
    sessionStorage.setItem(DRAFT, text);
  } catch {
    // Not allowed: there is no draft then.
  }
  return null;
}
