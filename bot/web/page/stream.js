// The chat as it grows. The browser reconnects short breaks by itself; we see to the long and silent ones.

import { renewSession } from "./calls.js";

const SILENCE = 40_000; // the server gives a sign of life every 15 seconds
const HIDDEN = 30_000; // a page in the background lets its connection go after that
const AGAIN = [500, 1000, 2000, 4000, 8000];
const BANNER = 1500; // a break shorter than that is nobody's business

export class Stream {
  #source = null;
  #last = null; // not started
  #tries = 0;
  #timers = {};
  #release = null;
  #on;

  /** `on` has message(entry), working(flag), online(flag). */
  constructor(on) {
    this.#on = on;
    addEventListener("online", () => this.#again());
    addEventListener("offline", () => this.#lost(0));
    addEventListener("pageshow", (event) => event.persisted && this.#again());
    document.addEventListener("visibilitychange", () => this.#seen(!document.hidden));
  }

  /** Goes on after the message with this number. */
  start(last) {
    this.#last = last;
    this.#open();
  }

  #open() {
    this.#close();
    this.#alive();
    const source = new EventSource(`/chat/events?after=${this.#last}`);
    this.#source = source;
    source.onopen = () => {
      this.#tries = 0;
      this.#alive();
      clearTimeout(this.#timers.banner);
      delete this.#timers.banner;
      this.#on.online(true);
    };
    source.onmessage = (event) => {
      this.#alive();
      const entry = JSON.parse(event.data);
      this.#last = Math.max(this.#last, entry.seq);
      this.#on.message(entry);
    };
    source.addEventListener("working", (event) => {
      this.#alive();
      this.#on.working(JSON.parse(event.data));
    });
    source.addEventListener("alive", () => this.#alive());
    source.onerror = () => {
      this.#lost(BANNER);
      if (source.readyState === EventSource.CLOSED && this.#source === source) this.#later();
    };
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timers.again);
    clearTimeout(this.#timers.silence);
  }

  #again() {
    this.#tries = 0;
    if (this.#last !== null) this.#open();
  }

  #later() {
    clearTimeout(this.#timers.again);
    const wait = AGAIN[Math.min(this.#tries, AGAIN.length - 1)];
    this.#tries += 1;
    this.#timers.again = setTimeout(async () => {
      if (this.#tries > 1) await renewSession().catch(() => {}); // perhaps the cookie is gone
      this.#open();
    }, wait * (0.75 + Math.random() / 2));
  }

  #lost(after) {
    this.#on.working(false);
    this.#timers.banner ??= setTimeout(() => this.#on.online(false), after);
  }

  #alive() {
    clearTimeout(this.#timers.silence);
    this.#timers.silence = setTimeout(() => {
      this.#lost(0);
      this.#open();
    }, SILENCE);
  }

  // Browsers allow few connections to one host: of the pages in the background only one keeps its own.
  #seen(visible) {
    clearTimeout(this.#timers.hidden);
    if (visible) {
      this.#release?.();
      this.#release = null;
      if (!this.#source || this.#source.readyState === EventSource.CLOSED) this.#again();
      return;
    }
    this.#timers.hidden = setTimeout(() => {
      if (!navigator.locks) {
        this.#close();
        return;
      }
      navigator.locks.request("piaoda.background", { ifAvailable: true }, (lock) => {
        if (!lock) {
          this.#close();
          return undefined;
        }
        return new Promise((resolve) => {
          this.#release = resolve;
          if (!document.hidden) resolve();
        });
      });
    }, HIDDEN);
  }
}
