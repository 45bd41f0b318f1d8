// Elements and icons.

/** An element with a class and its children (strings become text). */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A copy of one of the page's icons. */
export const icon = (name) => document.getElementById(`icon-${name}`).content.cloneNode(true);
