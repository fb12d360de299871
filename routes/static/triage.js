// The live hint: tells htmx that somebody typed, but never while the input method (拼音) is composing.
"use strict";
document.addEventListener("input", (event) => {
  if (!event.isComposing && event.target.matches("[hx-post]")) event.target.dispatchEvent(new Event("typed"));
});
document.addEventListener("compositionend", (event) => {
  if (event.target.matches("[hx-post]")) event.target.dispatchEvent(new Event("typed"));
});
