// The view stays at the newest message while the reader is there, and leaves them alone elsewhere.

import { onWords, say } from "./words.js";

const NEAR = 80; // pixels from the end that still count as the end
const AHEAD = 600; // pixels from the beginning at which more is fetched

export class Scroll {
  #scroller;
  #button;
  #newest;
  #stuck = true;
  #top = 0; // where the view was at the last look
  #unread = 0;
  #welcoming = false; // nothing was said yet: there is no end to go to

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

  /** Whether the reader is at the newest message. */
  get atEnd() {
    return this.#stuck;
  }

  /** Goes to the beginning, where the welcome stands. */
  toTop() {
    this.#stuck = false;
    this.#welcoming = true;
    this.#scroller.scrollTop = 0;
    this.#show();
  }

  /** Puts something in above without moving what is read. */
  above(change) {
    const { scrollHeight, scrollTop } = this.#scroller;
    change();
    this.#scroller.scrollTop = scrollTop + this.#scroller.scrollHeight - scrollHeight;
  }

  /** Calls back when the reader comes near the beginning of what is here. */
  onStart(callback) {
    this.#scroller.addEventListener("scroll", () => this.#scroller.scrollTop < AHEAD && callback(), { passive: true });
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
    this.#welcoming = false;
    this.#unread = 0;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = this.#scroller.scrollHeight;
    this.#scroller.scrollTo({ top, behavior: smooth && !still ? "smooth" : "instant" });
    this.#top = this.#scroller.scrollTop;
    this.#show();
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const wentUp = scrollTop < this.#top;
    this.#top = scrollTop;
    // Only the reader leaves the end: a picture that loads makes it go away from them.
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#stuck = true;
    else if (wentUp) this.#stuck = false;
    if (this.#stuck) this.#unread = 0;
    this.#show();
  }

  #show() {
    this.#button.hidden = this.#stuck || this.#welcoming;
    this.#button.setAttribute("aria-label", say(this.#unread ? "newest" : "to_end"));
    this.#newest.textContent = this.#unread ? `${say("newest")} ${this.#unread}` : "";
    this.#newest.hidden = !this.#unread;
  }
}
