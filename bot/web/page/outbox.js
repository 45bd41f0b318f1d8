// Messages that are not sent yet. They survive a reload: words in localStorage, files in IndexedDB.

import { sendFile, sendMessage } from "./calls.js";
import * as files from "./filestore.js";

const KEY = "piaoda.unsent."; // one entry each, so that two open pages do not overwrite each other
const TRIES = 4; // before a message is shown as failed; it is still sent when the connection is back
const LONGEST_WAIT = 15_000;
const SHOWN_FROM = 300_000; // bytes of a file whose way is shown; smaller ones are there at once

/** Sends one message after the other, in order. */
export class Outbox {
  #entries = load();
  #busy = false;
  #wake = null;
  #changed;

  /** `changed(entry)` is called with every new state: waiting, failed, sent. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** What waits, oldest first. */
  get entries() {
    return [...this.#entries];
  }

  /** Takes a message; it is kept before this returns, its file soon after. */
  add(entry, content) {
    const kept = { ...entry, state: "waiting", reason: null, tries: 0 };
    if (content) files.put(entry.id, content);
    this.#entries.push(kept);
    save(kept);
    this.#changed(kept);
    this.#run();
  }

  /** The file of a message that waits. */
  content(id) {
    return files.get(id);
  }

  /** Tries again what has failed, under its old id. */
  retry(id) {
    const entry = this.#find(id);
    if (!entry) return;
    Object.assign(entry, { state: "waiting", reason: null, tries: 0 });
    this.#changed(entry);
    this.kick();
  }

  /** The connection is back: nothing waits any longer. */
  resume() {
    for (const entry of this.#entries) {
      if (entry.state === "failed" && entry.reason === "unreachable") this.retry(entry.id);
    }
    this.kick();
  }

  /** Ends the wait between two tries. */
  kick() {
    this.#wake?.();
    this.#run();
  }

  /** A message is in the chat, or the user does not want it any more. */
  drop(id) {
    const place = this.#entries.findIndex((entry) => entry.id === id);
    if (place < 0) return;
    const [entry] = this.#entries.splice(place, 1);
    if (entry.file) files.remove(id);
    forget(id);
  }

  #find(id) {
    return this.#entries.find((entry) => entry.id === id);
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let entry = this.#next(); entry; entry = this.#next()) await this.#send(entry);
    } finally {
      this.#busy = false;
    }
  }

  #next() {
    return this.#entries.find((entry) => entry.state === "waiting");
  }

  async #send(entry) {
    const { result, wait = 0, busy = false } = await this.#post(entry);
    if (!this.#find(entry.id)) return; // it came back in the live chat meanwhile
    if (result === "taken") {
      this.drop(entry.id);
      this.#changed({ ...entry, state: "sent" });
      return;
    }
    if (result !== "later") {
      this.#fail(entry, result);
      return;
    }
    if (!busy) entry.tries += 1;
    if (entry.tries >= TRIES) {
      this.#fail(entry, "unreachable");
      return;
    }
    await this.#pause(Math.max(wait, Math.min(500 * 2 ** entry.tries, LONGEST_WAIT)));
  }

  async #post(entry) {
    if (!entry.file) return sendMessage(entry);
    const content = await files.get(entry.id);
    if (!content) return { result: "unreadable" };
    const progress = (share) => this.#find(entry.id) && this.#changed({ ...entry, progress: share });
    return sendFile(entry, content, content.size > SHOWN_FROM ? progress : undefined);
  }

  #fail(entry, reason) {
    Object.assign(entry, { state: "failed", reason });
    this.#changed(entry);
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function save(entry) {
  try {
    localStorage.setItem(KEY + entry.id, JSON.stringify(entry));
  } catch {
    // No room or not allowed: kept while the page is open.
  }
}

function forget(id) {
  try {
    localStorage.removeItem(KEY + id);
  } catch {
    // Nothing was kept either.
  }
}

function load() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(KEY))
      .map((key) => JSON.parse(localStorage.getItem(key)))
      .sort((one, other) => one.at - other.at || one.place - other.place);
  } catch {
    return [];
  }
}
