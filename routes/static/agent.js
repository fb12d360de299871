// The agent's screen: fills fields from what was found (each can be undone), takes candidates, searches topics, keeps the draft and the danger in sight.
"use strict";
(() => {
  const call = document.getElementById("call");
  const preview = document.getElementById("preview");
  const customer = document.getElementById("customer");
  const field = (name) => call.elements[name];
  const undoOf = (name) => call.querySelector(`[data-undo="${name}"]`);
  let current = Number(call.querySelector(".complaint:last-of-type").dataset.index);

  // --- telling the page that something changed
  const textOf = (index) => field(`text-${index}`);
  const keep = () => call.dispatchEvent(new Event("edited"));
  const ask = () => {
    const written = [...call.querySelectorAll("[name^=text-]")].find((text) => text.value.trim());
    if (written) written.dispatchEvent(new Event("typed"));
  };

  // --- filling in, and undoing it: what a person typed is never written over, what a person took back is not offered again
  const filled = new Map();
  const refused = new Set();
  const RANK = { text: 0, record: 1, agent: 2 };

  const fill = (name, value, source, isWanted) => {
    const node = field(name);
    if (!node || node.value === value) return false;
    const before = filled.get(name);
    const isFree = !node.value || (before && before.value === node.value && RANK[before.source] <= RANK[source]);
    if (!isWanted && (!isFree || refused.has(`${name}\n${value}`))) return false;
    const was = node.value;
    node.value = value;
    if (node.value !== value) {
      node.value = was; // a list without this entry
      return false;
    }
    filled.set(name, { value, source, was: before && before.value === was ? before.was : was });
    node.classList.add("is-filled");
    for (const other of call.querySelectorAll("[data-undo][aria-keyshortcuts]")) other.removeAttribute("aria-keyshortcuts");
    undoOf(name).hidden = false;
    undoOf(name).setAttribute("aria-keyshortcuts", "Alt+Z");
    return true;
  };

  const forget = (name) => {
    filled.delete(name);
    field(name).classList.remove("is-filled");
    undoOf(name).hidden = true;
    undoOf(name).removeAttribute("aria-keyshortcuts");
    const latest = [...filled.keys()].pop();
    if (latest) undoOf(latest).setAttribute("aria-keyshortcuts", "Alt+Z");
  };

  const undo = (name) => {
    const { value, was } = filled.get(name);
    refused.add(`${name}\n${value}`);
    field(name).value = was;
    const had = document.activeElement === undoOf(name);
    forget(name);
    if (had) field(name).focus();
    offer(document);
    ask();
    keep();
  };

  // The first of each kind is filled in by itself; a button that would change nothing is not shown.
  const offer = (root, isAutomatic) => {
    let changed = false;
    const seen = new Set();
    for (const button of root.querySelectorAll("[data-fill]")) {
      const { fill: name, value, source } = button.dataset;
      if (isAutomatic && !seen.has(name)) changed = fill(name, value, source) || changed;
      seen.add(name);
    }
    for (const button of document.querySelectorAll("button.fill")) button.hidden = field(button.dataset.fill).value === button.dataset.value;
    return changed;
  };

  // --- which complaint the keys are about: the one that was written in last
  const wake = () => {
    for (const node of call.querySelectorAll(".complaint, #preview article")) node.toggleAttribute("data-asleep", Number(node.dataset.index) !== current);
    // A ticket of the customer's record takes the words of the complaint that is written.
    for (const link of customer.querySelectorAll("[name=link]")) link.value = link.value.replace(/:\d+:/, `:${current}:`);
    lend(document.activeElement);
  };

  // --- the keys that chase or supplement a ticket are lent to one at a time: that which has the focus, else the likeliest that is listed
  const lend = (focused) => {
    const near = focused.closest("li, .brief");
    const links = [...call.querySelectorAll("[name=link]")];
    const isAwake = (link) => !link.closest("[data-asleep]");
    for (const link of links) link.removeAttribute("aria-keyshortcuts");
    for (const letter of ["C", "S"]) {
      const own = links.filter((link) => link.dataset.letter === letter && isAwake(link));
      const first = own.find((link) => near && near.contains(link)) || own.find((link) => preview.contains(link)) || own[0];
      if (first) first.setAttribute("aria-keyshortcuts", `Alt+${letter}`);
    }
  };
  call.addEventListener("focusin", (event) => {
    lend(event.target);
    const own = event.target.closest(".complaint");
    if (!own) return;
    current = Number(own.dataset.index);
    wake();
  });

  const take = (index, topic, type) => {
    fill(`topic-${index}`, topic, "agent", true);
    if (type && (!field(`demand_type-${index}`).value || filled.has(`demand_type-${index}`))) fill(`demand_type-${index}`, type, "agent", true);
    ask();
    keep();
  };

  call.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { fill: name, value, source, undo: undone, topic, type } = button.dataset;
    if (undone) undo(undone);
    if (topic) take(Number(button.closest("article").dataset.index), topic, type);
    if (name && fill(name, value, source, true)) {
      offer(document);
      ask();
      keep();
    }
  });

  call.addEventListener("input", (event) => {
    if (event.isComposing) return;
    if (filled.has(event.target.name)) forget(event.target.name);
    if (event.target.name && event.target.name !== "lookup") keep();
    if (event.target.closest(".call-side, select") && event.target.name !== "lookup") ask();
  });
  call.addEventListener("compositionend", (event) => {
    if (filled.has(event.target.name)) forget(event.target.name);
    if (event.target.name !== "lookup") keep();
  });

  // --- Enter: in a field of the caller it looks the caller up by that field; it never registers (Alt+Enter does)
  call.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.altKey || isComposing(event) || !event.target.matches("input")) return;
    event.preventDefault();
    if (!["lookup", "customer_number", "phone", "caller_name"].includes(event.target.name)) return;
    field("lookup").value = event.target.value;
    document.getElementById("find").click();
  });

  // --- topics by name or pinyin initials (finder.js): what is found is taken for its complaint
  call.addEventListener("found", (event) => {
    if (!event.target.dataset.search) return; // the unit's, which chooses in its own list
    event.preventDefault();
    const index = Number(event.target.dataset.search);
    const likeliest = preview.querySelector(`article[data-index="${index}"] [data-type]`);
    take(index, event.detail, likeliest && likeliest.dataset.type);
    textOf(index).focus();
  });

  // --- what came back: danger on top, said once; the gist said when it changes and the typing rests
  const danger = document.getElementById("danger");
  const said = document.getElementById("said");
  const start = document.getElementById("script").innerHTML;
  let telling = 0;

  const show = () => {
    const warning = preview.querySelector("[data-danger]")?.dataset.danger || "";
    if (danger.textContent !== warning) danger.textContent = warning;
    danger.hidden = !warning;
    const gist = [...preview.querySelectorAll("[data-said]")].map((node) => node.dataset.said).join("; ");
    clearTimeout(telling);
    telling = setTimeout(() => gist !== said.textContent && (said.textContent = gist), 1500);
    if (!preview.firstElementChild) document.getElementById("script").innerHTML = start;
    wake();
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    trouble("");
    if (event.target === preview) {
      show();
      if (offer(preview, true)) {
        ask();
        keep();
      }
    }
    if (event.target === customer) {
      said.textContent = customer.querySelector("[data-said]")?.dataset.said || "";
      const first = customer.querySelector(".match");
      wake();
      if (customer.querySelector(".record")) {
        if (offer(customer, true)) {
          ask();
          keep();
        }
        textOf(current).focus();
      } else if (first) first.focus();
    }
  });

  // --- the session that ended and the line that broke: what was typed stays on the page
  const notice = document.getElementById("trouble");
  const trouble = (text) => {
    if (notice.textContent !== text) notice.textContent = text;
    notice.hidden = !text;
  };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL || location.href).pathname.endsWith("/sign-in")) return;
    event.detail.shouldSwap = false;
    trouble(notice.dataset.signedOut);
  });
  document.addEventListener("htmx:responseError", (event) => {
    if ([400, 401, 403].includes(event.detail.xhr.status)) trouble(notice.dataset.signedOut); // the form's token ended with the session
  });
  document.addEventListener("htmx:sendError", () => trouble(notice.dataset.offline));
  window.addEventListener("online", () => {
    trouble("");
    ask();
    keep();
  });

  // What was registered is said once the page stands: a reader hears of changes, not of what was there from the beginning.
  const registered = document.getElementById("registered");
  if (registered) setTimeout(() => registered.replaceChildren(...registered.childNodes), 500);

  wake();
  offer(document, Boolean(customer.querySelector(".record")));
  // The text has the focus from the first moment: what was typed before htmx listened is asked about now; so is a draft that is gone on with.
  document.addEventListener("DOMContentLoaded", () => {
    const isTyped = textOf(current).value !== textOf(current).defaultValue;
    if (isTyped || !preview.firstElementChild) ask();
    if (isTyped) keep();
  });
})();
