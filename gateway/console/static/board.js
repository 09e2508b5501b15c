// The live board. The server renders every figure; this puts changed parts in place.
"use strict";

const EVERY_MS = 2000;
const board = document.getElementById("board");

// Only parts whose HTML differs from what the server sent last are replaced, so nothing else repaints or loses focus.
const last = new Map();

function place(html) {
  const fresh = new DOMParser().parseFromString(`<div>${html}</div>`, "text/html").body.firstElementChild;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    const now = board.querySelector(`[data-part="${name}"]`);
    if (!now || last.get(name) === part.outerHTML) continue;
    last.set(name, part.outerHTML);
    const next = document.importNode(part, true);
    window.huanliu.localTimes(next);
    now.replaceWith(next);
  }
}

function offline() {
  const state = board.querySelector(".state");
  if (!state || state.classList.contains("offline")) return;
  state.className = "state offline";
  state.querySelector(".word").textContent = board.dataset.offline;
  const note = document.createElement("p");
  note.className = "banner";
  note.setAttribute("role", "status");
  note.textContent = board.dataset.offlineNote;
  board.querySelector('[data-part="notes"]').replaceChildren(note);
  last.delete("head");
  last.delete("notes");
}

async function refresh() {
  try {
    const answer = await fetch(board.dataset.source, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    place(await answer.text());
  } catch {
    offline();
  }
}

async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, EVERY_MS);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setTimeout(watch, EVERY_MS);
