// The list of files on their way: a row for each, with its progress, or what is wrong with it next to its name.

import { element, iconButton } from "./dom.js";
import { uploadTexts as texts } from "./upload_texts.js";

const DONE_SHOWN_MS = 4_000;

/** {node, show(entry)}; `uploads` has entries and remove(entry), `chooseAgain(entry)` opens the choice of files. */
export function createTray({ uploads, announce, chooseAgain }) {
  const node = element("ul", { class: "files", "aria-label": texts.list, hidden: "" });
  const rows = new Map(); // entry → row
  const remove = (entry) => uploads().remove(entry);
  const show = (entry) => {
    if (!uploads().entries.includes(entry)) drop(rows, entry);
    else draw(node, rows, entry, { remove, announce, chooseAgain });
    node.hidden = rows.size === 0;
  };
  return { node, show };
}

function drop(rows, entry) {
  const row = rows.get(entry);
  rows.delete(entry);
  // A row that goes would take the focus with it.
  const next = row?.node.nextElementSibling ?? row?.node.previousElementSibling;
  if (row?.node.contains(row.node.getRootNode().activeElement)) next?.querySelector("button")?.focus();
  row?.node.remove();
}

function draw(list, rows, entry, actions) {
  const row = rows.get(entry) ?? build(entry, actions);
  if (!rows.has(entry)) list.append(row.node);
  rows.set(entry, row);
  const { state } = entry;
  row.bar.hidden = !["waiting", "sending", "cut", "checking"].includes(state);
  row.bar.value = entry.size ? entry.sent / entry.size : 0;
  row.status.textContent = statusOf(entry);
  if (row.state === state) return;
  row.state = state;
  row.node.dataset.state = state;
  row.again.hidden = state !== "interrupted";
  row.close.hidden = state === "done" || state === "checking";
  const isOver = state === "failed" || state === "interrupted";
  const label = isOver ? texts.dismiss(entry.name) : texts.cancel(entry.name);
  row.close.setAttribute("aria-label", label);
  row.close.title = label;
  speak(entry, actions.announce);
  if (state === "done") setTimeout(() => actions.remove(entry), DONE_SHOWN_MS);
}

function build(entry, { remove, chooseAgain }) {
  const name = element("span", { class: "file-name", title: entry.name }, entry.name);
  const bar = element("progress", { max: "1", value: "0", "aria-label": texts.progress(entry.name) });
  const status = element("span", { class: "file-status" });
  const label = { type: "button", class: "again", "aria-label": texts.chooseAgain(entry.name) };
  const again = element("button", label, texts.choose);
  const close = iconButton("close", texts.cancel(entry.name), "file-close");
  again.addEventListener("click", () => chooseAgain(entry));
  close.addEventListener("click", () => remove(entry));
  const about = element("div", { class: "file-about" }, name, bar, status, again);
  return { node: element("li", { class: "file" }, about, close), bar, status, again, close, state: null };
}

function statusOf({ state, sent, size, reason }) {
  if (state === "failed") return texts.reasons[reason] ?? texts.reasons.unknown;
  if (state === "sending") return texts.states.sending(Math.floor((100 * sent) / size));
  return texts.states[state];
}

// How far it is would be read aloud at every step: only the beginning, the end and what is wrong are.
function speak(entry, announce) {
  const { name, state } = entry;
  if (state === "done") announce(texts.received(name));
  else if (state === "failed" || state === "interrupted") announce(texts.notTaken(name, statusOf(entry)));
  else if (state === "waiting") announce(texts.started(name));
  else if (state === "cut") announce(texts.states.cut);
}
