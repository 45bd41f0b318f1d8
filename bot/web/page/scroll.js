// The view stays at the newest message while the reader is there, and leaves them alone elsewhere.

import { onWords, say } from "./words.js";

const NEAR = 80; // pixels from the end that still count as the end

export class Scroll {
  #scroller;
  #button;
  #newest;
  #stuck = true;
  #unread = 0;

  constructor(scroller, button, newest) {
    this.#scroller = scroller;
    this.#button = button;
    this.#newest = newest;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => this.toEnd({ smooth: true }));
    // Pictures that load, a keyboard that opens, a composer that grows.
    const sizes = new ResizeObserver(() => this.#stuck && this.toEnd());
    sizes.observe(scroller);
    sizes.observe(scroller.firstElementChild);
    onWords(() => this.#show());
  }

  /** A message has come that the reader has not asked for. */
  arrived() {
    if (this.#stuck) this.toEnd();
    else {
      this.#unread += 1;
      this.#show();
    }
  }

  /** Goes to the newest message. */
  toEnd({ smooth = false } = {}) {
    this.#stuck = true;
    this.#unread = 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = this.#scroller.scrollHeight;
    this.#scroller.scrollTo({ top, behavior: smooth && !still ? "smooth" : "instant" });
    this.#show();
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#stuck = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.#stuck) this.#unread = 0;
    this.#show();
  }

  #show() {
    this.#button.hidden = this.#stuck;
    this.#button.setAttribute("aria-label", say(this.#unread ? "newest" : "to_end"));
    this.#newest.textContent = this.#unread ? `${say("newest")} ${this.#unread}` : "";
    this.#newest.hidden = !this.#unread;
  }
}
