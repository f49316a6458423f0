"use strict";
// What pages do beyond plain HTML; each of them works without it.
// data-copy="#id": copies the text of that element. data-confirm="words": asks before a form is sent.
// What scrolls in a box of its own can be reached by keyboard.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const text = document.querySelector(button.dataset.copy);
    navigator.clipboard.writeText(text.value || text.textContent.trim()).then(() => {
      const before = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }
  const menu = document.querySelector("details.menu-fold[open], details.dropdown[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("submit", (event) => {
  const words = event.target.dataset.confirm || event.submitter?.dataset.confirm;
  if (words && !window.confirm(words)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu-fold[open], details.dropdown[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});
const reachable = () => {
  for (const box of document.querySelectorAll(".scroll, pre")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
reachable();
// On a phone the bar of steps or tabs is wider than the screen: it begins where one is.
for (const one of document.querySelectorAll(".steps [aria-current], .tabs [aria-current]")) one.scrollIntoView({ block: "nearest", inline: "center" });
window.addEventListener("resize", reachable);
document.addEventListener("toggle", reachable, true);
document.addEventListener("htmx:afterSettle", reachable);
