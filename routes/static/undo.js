// What can be taken back for a minute: the seconds count down and the button goes with the last; its key is free again once something is written.
"use strict";
(() => {
  const forms = document.querySelectorAll("main form[data-seconds]");
  for (const form of forms) {
    const end = performance.now() + Number(form.dataset.seconds) * 1000;
    const clock = setInterval(() => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left > 0) return (form.querySelector("[data-left]").textContent = left);
      clearInterval(clock);
      form.remove();
    }, 1000);
  }
  document.addEventListener("input", () => {
    for (const button of document.querySelectorAll("main form[data-seconds] [aria-keyshortcuts]")) {
      button.removeAttribute("aria-keyshortcuts");
      button.querySelector("kbd").remove();
    }
  });
})();
