// What every page shares: the live hint waits until the input method has composed, and a key with Alt presses what says that it answers to it.
"use strict";

// --- the live hint: "typed" is what htmx listens to, "edited" (on the form) is for everything that may be kept
const isComposing = (event) => event.isComposing || event.keyCode === 229;

document.addEventListener("input", (event) => {
  if (!event.isComposing && event.target.matches("[hx-post]")) event.target.dispatchEvent(new Event("typed"));
});
document.addEventListener("compositionend", (event) => {
  if (event.target.matches("[hx-post]")) event.target.dispatchEvent(new Event("typed"));
});

// --- leaving the page is no error: what is still under way then is not complained about
const underWay = new Set();
document.addEventListener("htmx:beforeSend", (event) => underWay.add(event.detail.xhr));
document.addEventListener("htmx:afterRequest", (event) => underWay.delete(event.detail.xhr));
window.addEventListener("beforeunload", () => underWay.forEach((xhr) => (xhr.onabort = null)));

// --- keys: `aria-keyshortcuts` is both what a screen reader says and what is done
const WORDS = { Slash: "/", NumpadEnter: "Enter" };

const keyOf = (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return ""; // with Ctrl it is AltGr, which writes signs
  const name = event.code.replace(/^(Digit|Key|Numpad(?=\d))/, "");
  return `Alt+${event.shiftKey ? "Shift+" : ""}${WORDS[name] || name}`;
};

// A button that cannot be taken back ([data-twice]) is gone to first: the same key again, or Enter, presses it.
const isToPress = (node) => node.matches("button, a") && (!node.matches("[data-twice]") || node === document.activeElement);

// What answers: nearest first where a list or a card has keys of its own ([data-keys]), else what stands outside of those.
const answers = (key) => {
  const near = document.activeElement.closest("[data-keys]");
  const all = [...document.querySelectorAll(`[aria-keyshortcuts~="${key}"]`)].filter(
    (node) => !node.disabled && node.offsetParent !== null && !node.closest("[data-asleep]"),
  );
  return (near && all.find((node) => near.contains(node))) || all.find((node) => !node.closest("[data-keys]"));
};

document.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const node = keyOf(event) && answers(keyOf(event));
  if (!node) return;
  event.preventDefault();
  if (event.repeat) return;
  if (isToPress(node)) return node.click();
  node.focus();
  if (node.select) node.select();
});

// --- Alt with an arrow goes from card to card
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!event.altKey || !step || event.target.matches("select, textarea")) return;
  const cards = [...document.querySelectorAll("article[data-keys]")];
  const to = cards[cards.indexOf(document.activeElement.closest("article[data-keys]")) + step];
  if (!to) return;
  event.preventDefault();
  to.focus();
  to.scrollIntoView({ block: "nearest" });
});

// The card that is next to be worked on has the focus, so that its keys answer at once; after htmx, so that they do.
document.addEventListener("DOMContentLoaded", () => {
  const first = document.querySelector("[data-first]");
  if (first) first.focus({ preventScroll: true });
  // What is wrong comes first on a page that came back, unless the page has put the focus somewhere itself.
  const problems = document.querySelector("main .problems");
  if (problems && document.activeElement === document.body) problems.focus();
});
