// The dispatcher's desk: plain digits beside Alt, sheets that open under their key, topics by name or initials, the next ticket shown at once, undo that runs out.
"use strict";
(() => {
  const desk = () => document.getElementById("work");
  const isWriting = (node) => node.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

  // --- keys; those with Alt are pressed by triage.js. A plain digit answers only while the desk has the focus and nobody writes.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const digit = /^(?:Digit|Numpad)([1-3])$/.exec(event.code);
    if (!digit || !desk() || !desk().contains(document.activeElement) || isWriting(document.activeElement)) return;
    const button = desk().querySelector(`#candidates [aria-keyshortcuts="Alt+${digit[1]}"]:not([disabled])`);
    if (!button || desk().matches("[data-asleep]")) return;
    event.preventDefault();
    if (!event.repeat) button.click(); // a key that is held down decides one ticket, not ten
  });

  // A key that brings the focus to a sheet's name opens the sheet; once more on it closes it.
  document.addEventListener("keydown", (event) => {
    const sheet = document.activeElement.closest("#work summary[aria-keyshortcuts]");
    if (!event.altKey || !event.defaultPrevented || !sheet) return;
    sheet.parentElement.open = true;
    const first = sheet.parentElement.querySelector("input:not([type=hidden]), textarea, select");
    if (first) first.focus();
  });
  document.addEventListener("keydown", (event) => {
    const sheet = event.key === "Escape" && !event.isComposing && document.activeElement.closest("#work details[open]");
    if (!sheet) return;
    sheet.open = false;
    focusOne();
  });

  // A candidate that is not ours leads to the referral, with who probably answers for it; what somebody has written there stays.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#work [data-refers]");
    const owner = link && document.getElementById("refer-owner");
    if (!owner) return;
    event.preventDefault();
    owner.closest("details").open = true;
    if (!owner.value) owner.value = link.dataset.refers;
    owner.focus();
    owner.select();
  });

  // --- topics by name or pinyin initials
  const filter = (search) => {
    const typed = search.value.trim().toLowerCase().replace(/\s+/g, "");
    const list = document.getElementById(search.dataset.filter);
    let found = 0;
    for (const item of list.children) {
      item.hidden = Boolean(typed) && !item.dataset.name.includes(typed) && !item.dataset.initials.includes(typed);
      found += item.hidden ? 0 : 1;
    }
    list.nextElementSibling.hidden = found > 0;
  };
  const typed = (event) => {
    if (!event.isComposing && event.target.matches("#work [data-filter]")) filter(event.target);
  };
  document.addEventListener("input", typed);
  document.addEventListener("compositionend", (event) => event.target.matches("#work [data-filter]") && filter(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || !document.activeElement.closest("#work .topics")) return;
    const search = desk().querySelector("[data-filter]");
    const shown = [...desk().querySelectorAll("#topics li:not([hidden]) button:not([disabled])")];
    if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      if (search.value.trim() && shown[0] && !event.repeat && !desk().matches("[data-asleep]")) shown[0].click();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey) return;
    event.preventDefault();
    (shown[shown.indexOf(document.activeElement) + step] || search).focus();
  });

  // --- sending: the next ticket is shown at once to be read; its keys answer when the server says that it is ours
  const isSending = (event) => event.target.matches("#work form");
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isSending(event)) return;
    if (desk().matches("[data-asleep]")) return event.preventDefault();
    desk().setAttribute("data-asleep", "");
    const peek = document.getElementById("peek");
    if (!peek || !peek.firstElementChild || !event.target.querySelector("[name=next]").value || event.target.matches("[data-seconds]")) return;
    desk().querySelector("article.work-one").hidden = true;
    peek.hidden = false;
  });
  const goOn = (event) => {
    if (!isSending(event) || !desk()) return;
    desk().removeAttribute("data-asleep");
    const one = desk().querySelector("article.work-one");
    if (!one || !one.hidden) return;
    one.hidden = false; // the server did not answer: back to where we were
    document.getElementById("peek").hidden = true;
    focusOne();
  };
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, goOn);

  // What the server refuses comes with the page that says why; an answer without a desk (signed out) is loaded as a page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "work") return;
    if (event.detail.xhr.responseText.includes('id="work"')) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    } else {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "work" || event.detail.target.id === "work") arrive();
  });

  // --- after each ticket: the focus, and the minute in which the last one can be taken back
  const focusOne = () => {
    const place = desk().querySelector("[aria-invalid=true]") || desk().querySelector(".problems") || desk().querySelector("[data-focus]");
    if (place) place.focus({ preventScroll: true });
  };
  let clock = 0;
  const count = () => {
    clearInterval(clock);
    const form = desk().querySelector("form[data-seconds]");
    if (!form) return;
    const end = performance.now() + Number(form.dataset.seconds) * 1000;
    clock = setInterval(() => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left <= 0) {
        clearInterval(clock);
        form.remove();
      } else form.querySelector("[data-left]").textContent = left;
    }, 1000);
  };
  const arrive = () => {
    count();
    focusOne();
    window.scrollTo({ top: 0 });
  };
  document.addEventListener("DOMContentLoaded", () => desk() && arrive()); // after htmx: what has the focus must already answer to its key
})();
