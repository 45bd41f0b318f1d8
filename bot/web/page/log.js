// The conversation on the screen: in the order of the server, each message once.

import { label, messageRow } from "./message.js";
import { day, onWords, sameDay } from "./words.js";

const TOGETHER = 5 * 60_000; // messages of one side within that time stand together

export class Log {
  #element;
  #on;
  #items = []; // messages of the server by number, then our own that are on their way
  #seen = new Set(); // numbers
  #mine = new Map(); // our own by id
  #fresh = null; // the first message that the reader has not seen

  /** `on` has choice(choice), picture(address, name), retry(id), discard(id). */
  constructor(element, on) {
    this.#element = element;
    this.#on = on;
    onWords(() => this.#items.forEach((item, place) => this.#arrange(place)));
  }

  /** Whether a message of ours is in the chat. */
  has(id) {
    return this.#mine.get(id)?.seq != null;
  }

  /** A message that the server has; false if it was here before. */
  show(entry) {
    if (this.#seen.has(entry.seq)) return false;
    this.#seen.add(entry.seq);
    const pending = entry.from === "me" ? this.#mine.get(entry.id) : undefined;
    if (pending) {
      this.#confirm(pending, entry);
      return true;
    }
    const item = this.#item(entry, { seq: entry.seq, state: "sent" });
    this.#insert(item, this.#placeOf(entry.seq));
    return true;
  }

  /** A message of our own that the server has not yet confirmed. */
  await(entry) {
    if (this.#mine.has(entry.id)) {
      this.setState(entry);
      return;
    }
    const item = this.#item(entry, { seq: null, state: entry.state, reason: entry.reason });
    this.#insert(item, this.#items.length);
  }

  /** How a message of ours stands: waiting (with how much of its file has gone out), sent, failed. */
  setState({ id, state, reason, progress }) {
    const item = this.#mine.get(id);
    if (!item || item.seq !== null) return;
    Object.assign(item, { state, reason, progress });
    this.#label(item);
  }

  /** Marks where the messages begin that the reader has not seen; the first such place stays. */
  markFresh(seq) {
    if (this.#fresh) return;
    this.#fresh = this.#items.find((item) => item.seq === seq) ?? null;
    this.#freshen(true);
  }

  /** The reader has answered: nothing is new any more. */
  clearFresh() {
    this.#freshen(false);
    this.#fresh = null;
  }

  /** The number of the oldest message here, or null. */
  get oldest() {
    return this.#items[0]?.seq ?? null;
  }

  /** Takes a message away that was never sent. */
  remove(id) {
    const item = this.#mine.get(id);
    if (!item || item.seq !== null) return;
    const place = this.#items.indexOf(item);
    this.#items.splice(place, 1);
    this.#mine.delete(id);
    item.row.remove();
    this.#arrangeAround(place);
  }

  /** While older messages are put in they are not read out, as those are that come. */
  busy(flag) {
    this.#element.setAttribute("aria-busy", String(flag));
  }

  #freshen(flag) {
    if (!this.#fresh) return;
    this.#fresh.fresh = flag;
    this.#label(this.#fresh);
  }

  #item(entry, more) {
    const mine = entry.from === "me";
    const { choice, picture, retry, discard } = this.#on;
    const on = { choice, picture, retry: () => retry(entry.id), discard: () => discard(entry.id) };
    const item = { mine, at: new Date(entry.at), on, row: messageRow(entry, on), files: entry.files, ...more };
    if (mine && entry.id) this.#mine.set(entry.id, item);
    return item;
  }

  #confirm(item, entry) {
    const old = this.#items.indexOf(item);
    this.#items.splice(old, 1);
    Object.assign(item, { seq: entry.seq, at: new Date(entry.at), state: "sent", reason: null });
    if (entry.files.length) this.#giveAddress(item, entry);
    const place = this.#placeOf(entry.seq);
    if (place === old) {
      this.#items.splice(place, 0, item);
      this.#arrangeAround(place);
      return;
    }
    item.row.remove();
    this.#arrangeAround(old);
    this.#insert(item, place);
  }

  /** A file that has arrived can be opened; a picture stays the one that is shown already. */
  #giveAddress(item, entry) {
    const files = entry.files.map((file, place) => ({ ...file, local: item.files?.[place]?.local }));
    const row = messageRow({ ...entry, files }, item.on);
    item.row.replaceWith(row);
    item.row = row;
  }

  #placeOf(seq) {
    let place = this.#items.length;
    while (place > 0 && (this.#items[place - 1].seq ?? Infinity) > seq) place -= 1;
    return place;
  }

  #insert(item, place) {
    this.#element.insertBefore(item.row, this.#items[place]?.row ?? null);
    this.#items.splice(place, 0, item);
    this.#arrangeAround(place);
    this.#quiet(item, place);
  }

  /** Buttons of answers that the talk has passed are still there, but step back. */
  #quiet(item, place) {
    if (!item.mine) {
      const passed = this.#items.slice(place + 1).some((later) => later.mine);
      item.row.classList.toggle("past", passed);
      return;
    }
    for (let at = place - 1; at >= 0 && !this.#items[at].row.classList.contains("past"); at -= 1) {
      this.#items[at].row.classList.add("past");
    }
  }

  #arrangeAround(place) {
    for (const near of [place - 1, place, place + 1]) this.#arrange(near);
  }

  #arrange(place) {
    const item = this.#items[place];
    if (!item) return;
    const before = this.#items[place - 1];
    const after = this.#items[place + 1];
    const separator = item.row.querySelector(".day");
    const newDay = !before || !sameDay(before.at, item.at);
    separator.hidden = !newDay;
    separator.textContent = newDay ? day(item.at) : "";
    item.row.classList.toggle("first", newDay || !together(before, item));
    item.row.classList.toggle("last", !after || !sameDay(after.at, item.at) || !together(item, after));
    this.#label(item);
  }

  #label(item) {
    label(item.row, item, item.on);
  }
}

const together = (one, other) => one.mine === other.mine && Math.abs(other.at - one.at) < TOGETHER;
