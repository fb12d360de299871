// The auditor's card by keyboard: digits give the points of the item that has the focus, space gives all of them, up and down move, Enter saves.
// In the note, which is a text, the same keys answer with Alt only; nothing is taken while an input method composes.
"use strict";
(() => {
  const card = document.querySelector("form[data-card]");
  if (!card) return;
  const items = [...card.querySelectorAll("input[data-most]")];
  const fields = [...items, card.querySelector("textarea")];

  const save = () => {
    const empty = items.find((field) => !field.value.trim());
    return empty ? empty.focus() : card.requestSubmit();
  };
  const keys = (field) => ({
    ArrowDown: () => (fields[fields.indexOf(field) + 1] || field).focus(),
    ArrowUp: () => (fields[fields.indexOf(field) - 1] || field).focus(),
    Enter: save,
    ...(items.includes(field) && { " ": () => (field.value = field.dataset.most) }),
  });

  card.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!fields.includes(event.target) || event.altKey !== event.target.matches("textarea")) return;
    const does = keys(event.target)[event.key];
    if (!does) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) does(); // Enter that is held down saves one card, not those behind it too
  });
  // What stands in an item is chosen when the focus comes, so that a digit takes its place.
  for (const field of items) field.addEventListener("focus", () => field.select());
})();
