// Where the person writes: Enter sends, Shift+Enter begins a new line.

import { element, iconButton } from "./dom.js";
import { texts } from "./texts.js";

const MAX_CHARACTERS = 2_000;
const COUNT_FROM = 1_800;
const MAX_HEIGHT_PX = 140;

/** {node, focus(), clear()}; calls `say(text)` with what was written and `announce(text)` near the limit. */
export function createComposer({ say, announce }) {
  const { node, field, counter } = buildForm();
  const refresh = () => {
    fitHeight(field);
    showCount(field, counter, announce);
    node.classList.toggle("empty", !field.value.trim());
  };
  const clear = () => {
    field.value = "";
    refresh();
  };
  const submit = () => {
    const text = field.value.trim();
    if (text) say(text);
    if (text) clear();
    field.focus();
  };
  listen(node, field, refresh, submit);
  return { node, clear, focus: () => field.focus() };
}

function buildForm() {
  const field = element("textarea", {
    id: "field",
    rows: "1",
    maxlength: String(MAX_CHARACTERS),
    placeholder: texts.composer,
    enterkeyhint: "send",
    autocomplete: "off",
    "aria-describedby": "hint counter",
  });
  const label = element("label", { for: "field", class: "unseen" }, texts.composer);
  const counter = element("span", { id: "counter" });
  const hint = element("p", { class: "hint" }, element("span", { id: "hint" }, texts.hint), counter);
  const send = iconButton("send", texts.send, "send");
  send.type = "submit";
  const node = element("form", { class: "composer empty" }, label, element("div", { class: "entry" }, field, send), hint);
  return { node, field, counter };
}

function listen(form, field, refresh, submit) {
  field.addEventListener("input", refresh);
  field.addEventListener("keydown", (event) => {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}

function fitHeight(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, MAX_HEIGHT_PX)}px`;
}

// Shown at every key, read aloud only on entering the last stretch and at the end of it.
function showCount(field, counter, announce) {
  const left = MAX_CHARACTERS - field.value.length;
  const wasShown = counter.textContent !== "";
  counter.textContent = field.value.length >= COUNT_FROM ? texts.remaining(left) : "";
  if (counter.textContent && (!wasShown || left === 0)) announce(counter.textContent);
}
