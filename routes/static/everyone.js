// What every page has: lists that keep themselves up to date, the line that says when the server is away, and the dialog of keys.
"use strict";
(() => {
  const main = document.getElementById("content");
  const line = document.getElementById("line");
  const say = (what) => {
    const text = what ? line.dataset[what] : "";
    if (line.textContent !== text) line.textContent = text; // said once to a screen reader, not at every attempt
    line.hidden = !what;
  };

  // --- what must not be replaced: what has the focus, what somebody has written or ticked, what was loaded into the page since
  const UNIT = "tr, article, li, form, dialog";
  const isWritten = (field) => {
    if (field.type === "hidden") return false;
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedOptions[0] !== field.options[0];
    return field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  };
  const held = () => {
    const nodes = [...main.querySelectorAll("input, textarea, select")].filter(isWritten);
    const focused = document.activeElement;
    if (main.contains(focused) && focused !== main) nodes.push(focused);
    const units = new Set([...main.querySelectorAll("[data-touched]")]);
    for (const node of nodes) {
      // A button or link of a form around a whole list holds only itself; what is written there holds its row.
      const unit = node.matches("button, a, summary") ? node.closest("tr, article, li") : node.closest(UNIT);
      units.add(unit || node);
    }
    return units;
  };
  document.addEventListener("htmx:afterSwap", (event) => main.contains(event.target) && event.target.setAttribute("data-touched", ""));

  // --- blending: the page that came is laid over the page that is there, node by node; rows are known by their link
  const keyOf = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
    if (node.id) return `#${node.id}`;
    if (node.dataset.key) return `key ${node.dataset.key}`;
    const link = node.matches("tr, article, li") && node.querySelector("a[href]");
    return `${node.nodeName} ${(link && link.getAttribute("href")) || (node.matches("article, section") && node.getAttribute("aria-label")) || ""}`;
  };
  const STAYS = new Set(["open", "data-touched", "data-asleep"]);
  const isHolding = (node, units) => [...units].some((unit) => node === unit || node.contains(unit));

  const attributes = (old, fresh) => {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !STAYS.has(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !STAYS.has(name)) old.setAttribute(name, value);
  };
  const blend = (old, fresh, units) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    } else if (!old.isEqualNode(fresh) && !units.has(old) && !old.matches("script")) {
      if (old !== main) attributes(old, fresh);
      children(old, fresh, units);
    }
  };
  const children = (old, fresh, units) => {
    const waiting = new Map();
    for (const node of old.childNodes) waiting.set(keyOf(node), [...(waiting.get(keyOf(node)) || []), node]);
    let cursor = old.firstChild;
    for (const node of [...fresh.childNodes]) {
      const twin = (waiting.get(keyOf(node)) || []).shift();
      if (!twin) old.insertBefore(document.adoptNode(node), cursor);
      else {
        blend(twin, node, units);
        if (twin === cursor) cursor = twin.nextSibling;
        else if (!isHolding(twin, units)) old.insertBefore(twin, cursor); // moving what has the focus would take it away
        else if (cursor && cursor.compareDocumentPosition(twin) & Node.DOCUMENT_POSITION_FOLLOWING) cursor = twin.nextSibling;
      }
    }
    for (const node of [...waiting.values()].flat()) leave(node, units);
  };
  // What is no longer in the list goes; a row that is held stays, and says so. What was just done is told until the next page.
  const leave = (node, units) => {
    if (node.nodeType === Node.ELEMENT_NODE && node.matches(".flash, .problems")) return;
    if (!isHolding(node, units)) return node.remove();
    if (!node.matches(UNIT) || node.classList.contains("is-gone")) return;
    node.classList.add("is-gone");
    const note = document.createElement("small");
    note.className = "danger";
    note.textContent = line.dataset.gone;
    (node.querySelector("td:last-child, header") || node).append(note);
  };

  // --- asking: when the stream says so, and about every 15 seconds without one; not while nobody looks, slower and slower while the server is away
  const EVERY = Number(main.dataset.every) * 1000;
  const LONGEST = 120000;
  const TOLD = 4; // with a stream, asking is for what only time changes: so many times as seldom
  let tag = main.dataset.live || "";
  let failures = 0;
  let timer = 0;
  let dueAt = Infinity;
  let isAsking = false;
  let isMissed = false; // something changed while the answer to the last question was on its way
  let lasting = ""; // what the line says until the page is loaded anew
  let stream = null;
  let isTold = false;
  let breaks = 0;
  let retry = 0;

  const jitter = (span) => span * (0.8 + Math.random() * 0.4);
  const askIn = (wait) => {
    clearTimeout(timer);
    dueAt = Date.now() + wait;
    timer = setTimeout(ask, wait);
  };
  const later = () => {
    clearTimeout(timer);
    if (!document.hidden) askIn(jitter(Math.min(LONGEST, EVERY * (isTold ? TOLD : 1) * 2 ** Math.min(failures, 5))));
  };
  // Some moment within a span, so that all who look at the same list do not come at once; never later than was meant anyway.
  const soon = (within) => {
    const wait = 50 + Math.random() * within;
    if (isAsking) isMissed = true;
    else if (!document.hidden && failures >= 0 && Date.now() + wait < dueAt) askIn(wait);
  };
  const answer = async (response) => {
    if (response.status === 204) return;
    if (new URL(response.url).pathname.endsWith("/sign-in") || response.status === 401) {
      clearTimeout(timer);
      failures = -1; // ended: nothing is asked any more
      unlisten();
      return say("ended");
    }
    if (response.status >= 500 || response.status === 429) throw new Error(String(response.status));
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const bell = document.getElementById("bell");
    const fresh = page.getElementById("bell");
    if (bell && fresh) blend(bell, fresh, new Set());
    if (main.dataset.live && page.getElementById("content")) {
      children(main, page.getElementById("content"), held());
      if (window.htmx) window.htmx.process(main);
      document.dispatchEvent(new Event("live:updated"));
    }
    tag = response.headers.get("ETag") || "";
  };
  const ask = async () => {
    if (isAsking || failures < 0) return;
    isAsking = true;
    try {
      const address = main.dataset.live ? location.href : main.dataset.bell;
      const response = await fetch(address, { headers: { "X-Live": "1", "If-None-Match": tag }, cache: "no-store", signal: AbortSignal.timeout(10000) });
      await answer(response);
      if (failures >= 0) {
        failures = 0;
        say(lasting);
      }
    } catch {
      failures += 1;
      say("away");
    }
    isAsking = false;
    if (failures >= 0) later();
    if (isMissed) soon(300);
    isMissed = false;
  };

  // --- listening: a stream that says only “changed”; where it breaks, asking goes on as without it, and it is tried again later
  const unlisten = () => {
    clearTimeout(retry);
    if (stream) stream.close();
    stream = null;
    isTold = false;
  };
  const broken = (within) => {
    unlisten();
    retry = setTimeout(listen, jitter(Math.min(LONGEST, EVERY * 2 ** Math.min(++breaks, 4))));
    soon(within);
  };
  const listen = () => {
    if (!main.dataset.stream || stream || document.hidden || failures < 0) return;
    stream = new EventSource(main.dataset.stream, { withCredentials: true });
    stream.addEventListener("ready", () => {
      isTold = true;
      breaks = 0;
      soon(300); // what changed before the stream was there
    });
    stream.addEventListener("changed", (event) => {
      const { topic, within } = JSON.parse(event.data);
      if (topic !== "ticket") return soon(within);
      lasting = "changed"; // somebody may be writing there: the page is not replaced
      say(lasting);
    });
    stream.addEventListener("ended", () => broken(1000)); // signed out, or another role: the next answer says which
    stream.addEventListener("error", () => broken(EVERY));
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      unlisten(); // a browser holds few connections to one server: only the tab that is looked at has one
    } else {
      ask();
      listen();
    }
  });
  window.addEventListener("offline", () => say("away"));
  window.addEventListener("online", ask);
  later();
  listen();

  // --- the keys: “?” outside of text, Alt with it inside; what the page answers to and the list does not name is added from the page
  const dialog = document.getElementById("keys");
  const isText = (node) => node.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  const fill = () => {
    const body = dialog.querySelector("[data-here]");
    const named = [...body.querySelectorAll("kbd")].map((key) => key.textContent).join(" ");
    const known = new Set(named.split(" "));
    for (const node of document.querySelectorAll("[aria-keyshortcuts]")) {
      const key = node.getAttribute("aria-keyshortcuts");
      if (known.has(key) || (/^Alt\+\d$/.test(key) && /Alt\+\d/.test(named))) continue;
      known.add(key);
      const row = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.append(Object.assign(document.createElement("kbd"), { textContent: key }));
      const words = node.getAttribute("aria-label") || node.placeholder || [...node.childNodes].filter((part) => part.nodeName !== "KBD").map((part) => part.textContent).join("");
      row.append(head);
      row.insertCell().textContent = words.trim().slice(0, 40);
    }
  };
  const open = () => {
    if (dialog.open) return;
    fill();
    dialog.showModal();
  };
  for (const button of document.querySelectorAll("[data-opens=keys]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
    const isAsked = event.key === "?" || event.key === "？" || (event.code === "Slash" && event.shiftKey);
    if (!isAsked || (isText(event.target) && !event.altKey)) return;
    event.preventDefault();
    open();
  });
})();
