// Brings the newest numbers in place, so that the reader's place on the page is kept.
"use strict";
const every = Number(document.currentScript.dataset.every) * 1000;
const content = () => document.getElementById("content");

// Whoever writes or marks text is not disturbed.
function busy() {
  const focused = document.activeElement;
  return document.hidden || (focused && focused.matches("input, select")) || !getSelection().isCollapsed;
}

function replace(fresh) {
  const focused = document.activeElement;
  const link = content().contains(focused) && focused.getAttribute("href");
  content().replaceWith(fresh);
  if (link) fresh.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}

async function look() {
  if (busy()) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(every) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("content");
    if (!fresh) throw new Error("no page");
    document.title = page.title;
    replace(document.adoptNode(fresh));
  } catch {
    const live = document.getElementById("live");
    live.textContent = "▲ no answer from the service: these numbers are old";
    live.className = "chip level-3";
  }
}

setInterval(look, every);
