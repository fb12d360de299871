// The team's workplace: rows by arrow keys, moves by Alt and a letter, reply templates, printing.
"use strict";

const typing = (node) => node.matches("input:not([type=checkbox]), textarea, select");

// --- rows: up and down move, Enter opens by itself (the focus is on the row's link), space ticks
const table = document.querySelector("table[data-rows]");
const every = () => (table ? [...table.querySelectorAll("td.number a")] : []); // asked anew at each key: rows come and go by themselves

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = every();
  if (!links.length || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) return;
  const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  if (step) {
    event.preventDefault();
    const to = links[Math.min(links.length - 1, Math.max(0, at + step))];
    to.focus();
    to.closest("tr").scrollIntoView({ block: "nearest" });
  } else if (event.key === " " && at >= 0 && document.activeElement === links[at]) {
    event.preventDefault();
    const box = links[at].closest("tr").querySelector("input[type=checkbox]");
    if (box) box.checked = !box.checked;
  }
});

// --- moves: the first press opens the form and stands in what is needed next; when nothing is needed (any more), it sends;
// what cannot be taken back ([data-final]) is sent only by a second press right after the one that led to its button
let sure = null;
document.addEventListener("keydown", (event) => {
  if (event.key === "Alt") return;
  const before = sure;
  sure = null;
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing || event.keyCode === 229 || event.repeat) return;
  const key = event.code.replace(/^Key/, "");
  const summary = key.length === 1 && document.querySelector(`summary[data-key="${key}"]`);
  if (!summary) return;
  event.preventDefault();
  const move = summary.parentElement;
  const form = move.querySelector("form");
  const wasOpen = move.open && move.offsetParent !== null && (!move.closest(".more") || move.closest(".more").open);
  for (let node = move; node; node = node.parentElement) if (node.matches("details")) node.open = true;
  const empty = [...form.querySelectorAll("[data-needed]")].find((field) => !field.value.trim());
  if (empty) return empty.focus();
  if (move.matches("[data-final]") && before !== move) {
    sure = move;
    return form.querySelector(":scope > button").focus();
  }
  if (wasOpen) return form.requestSubmit();
  (form.querySelector("[data-needed], textarea, input:not([type=hidden]), select") || form.querySelector("button")).focus();
});

// --- templates: chosen text goes in where the caret is, and Ctrl+Z takes it out again
for (const select of document.querySelectorAll("select[data-fills]")) {
  select.hidden = false;
  select.addEventListener("change", () => {
    const field = document.getElementById(select.dataset.fills);
    if (!select.value) return;
    field.focus();
    if (!document.execCommand("insertText", false, select.value)) field.setRangeText(select.value, field.selectionStart, field.selectionEnd, "end");
    select.value = "";
  });
}

// --- printing
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
