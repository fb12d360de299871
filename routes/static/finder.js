// Search beside a long list ([data-finds] names the list): a name or pinyin initials, arrows, Enter; without a script the list is all there is.
"use strict";
(() => {
  const MOST = 8;
  const isFinder = (node) => node.matches && node.matches("[data-finds]");
  const plain = (text) => text.replace(/[\s·]/g, "").toLowerCase();
  const listOf = (search) => document.getElementById(search.getAttribute("aria-controls"));
  const nodesOf = (search) => [...document.getElementById(search.dataset.finds).querySelectorAll("[data-initials]")];
  const pointed = (search) => [...listOf(search).children].findIndex((option) => option.getAttribute("aria-selected") === "true");

  // What begins with the letters stands before what only has them somewhere.
  const found = (search) => {
    const typed = plain(search.value);
    const ranked = nodesOf(search).map((node) => ({ node, places: [plain(node.textContent).indexOf(typed), node.dataset.initials.indexOf(typed)].filter((place) => place >= 0) }));
    const fitting = typed ? ranked.filter(({ places }) => places.length) : [];
    return fitting.sort((one, other) => Math.min(...one.places, 1) - Math.min(...other.places, 1)).map(({ node }) => node);
  };

  const close = (search) => {
    listOf(search).hidden = true;
    search.setAttribute("aria-expanded", "false");
    search.removeAttribute("aria-activedescendant");
  };
  const point = (search, to) => {
    [...listOf(search).children].forEach((option, index) => option.setAttribute("aria-selected", String(index === to)));
    search.setAttribute("aria-activedescendant", `${listOf(search).id}-${to}`);
  };
  const optionOf = (search, node, index) => {
    const option = document.createElement("li");
    Object.assign(option, { id: `${listOf(search).id}-${index}`, role: "option", textContent: node.textContent.trim() });
    option.dataset.value = node.dataset.code || node.value;
    if (node.dataset.of) option.append(Object.assign(document.createElement("small"), { textContent: node.dataset.of }));
    return option;
  };
  const say = (search, text) => {
    const line = listOf(search).nextElementSibling;
    if (line && line.textContent !== text) line.textContent = text;
  };
  const list = (search) => {
    const all = found(search);
    const isMissing = Boolean(search.value.trim()) && !all.length;
    listOf(search).replaceChildren(...all.slice(0, MOST).map((node, index) => optionOf(search, node, index)));
    say(search, isMissing ? search.dataset.none : all.length > MOST ? search.dataset.more : "");
    if (!all.length) return close(search);
    listOf(search).hidden = false;
    search.setAttribute("aria-expanded", "true");
    point(search, 0);
  };

  // What is found is chosen in the list, which says that it changed; a page that does something else with it stops that ("found").
  const choose = (search, option) => {
    const value = option.dataset.value;
    search.value = "";
    say(search, "");
    close(search);
    if (!search.dispatchEvent(new CustomEvent("found", { detail: value, bubbles: true, cancelable: true }))) return;
    const chosen = document.getElementById(search.dataset.finds);
    chosen.value = value;
    chosen.dispatchEvent(new Event("input", { bubbles: true }));
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
    chosen.focus();
  };

  // --- heard by the document, for the desk brings new lists with every ticket
  document.addEventListener("input", (event) => isFinder(event.target) && !event.isComposing && list(event.target));
  document.addEventListener("compositionend", (event) => isFinder(event.target) && list(event.target));
  document.addEventListener("focusout", (event) => isFinder(event.target) && close(event.target));
  document.addEventListener("mousedown", (event) => {
    const options = event.target.closest(".finder [role=listbox]");
    if (!options) return;
    event.preventDefault();
    const option = event.target.closest("li");
    if (option) choose(options.parentElement.querySelector("[data-finds]"), option);
  });
  document.addEventListener("keydown", (event) => {
    const search = event.target;
    if (!isFinder(search) || event.isComposing || event.keyCode === 229 || event.altKey) return;
    const count = listOf(search).children.length;
    const isOpen = !listOf(search).hidden;
    if (event.key === "Enter") {
      if (isOpen && !event.repeat) choose(search, listOf(search).children[pointed(search)]);
    } else if (event.key === "ArrowDown" && isOpen) point(search, (pointed(search) + 1) % count);
    else if (event.key === "ArrowUp" && isOpen) point(search, (pointed(search) + count - 1) % count);
    else if (event.key === "Escape" && isOpen) {
      close(search);
      event.stopImmediatePropagation(); // the first Esc closes the list, the next one what is around it
    } else return;
    event.preventDefault(); // Enter in a search never sends the form
  });

  const show = () => {
    for (const search of document.querySelectorAll("[data-finds]")) search.closest(".finder").hidden = false;
  };
  for (const name of ["DOMContentLoaded", "htmx:load", "live:updated"]) document.addEventListener(name, show);
})();
