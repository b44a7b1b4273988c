// Where the person writes: Enter sends, Shift+Enter begins a new line.

import { element, iconButton } from "./dom.js";
import { acceptPastes, createFileField, hasCameraAtHand } from "./file_choice.js";
import { texts } from "./texts.js";
import { uploadTexts } from "./upload_texts.js";

const MAX_CHARACTERS = 2_000;
const COUNT_FROM = 1_800;
const MAX_HEIGHT_PX = 140;
const TYPING_LASTS_MS = 4_000;
const TELL_AGAIN_MS = 2_000;

/** {node, focus(), clear(), chooseFiles()}; calls `say(text)` with what was written, `send(files)` with what was chosen,
 *  photographed or pasted, `announce(text)` near the limit, and `typing(boolean)`. */
export function createComposer({ say, send, announce, typing }) {
  const files = createFileField(send);
  const { node, field, counter } = buildForm(attachments(files, send));
  acceptPastes(field, send);
  const refresh = () => {
    fitHeight(field);
    showCount(field, counter, announce);
    node.classList.toggle("empty", !field.value.trim());
  };
  const stopTyping = tellTyping(field, typing);
  const clear = () => {
    field.value = "";
    stopTyping();
    refresh();
  };
  const submit = () => {
    const text = field.value.trim();
    if (text) say(text);
    if (text) clear();
    field.focus();
  };
  listen(node, field, refresh, submit);
  return { node, clear, focus: () => field.focus(), chooseFiles: files.open };
}

// The field itself is hidden: its button says what it does, looks like ours and has a name for screen readers.
function attachments(files, send) {
  const attach = iconButton("clip", uploadTexts.attach, "tool attach");
  attach.addEventListener("click", files.open);
  if (!hasCameraAtHand()) return [attach, files.node];
  const photograph = createFileField(send, { isCamera: true });
  const camera = iconButton("camera", uploadTexts.camera, "tool attach");
  camera.addEventListener("click", photograph.open);
  return [attach, files.node, camera, photograph.node];
}

function buildForm(attachments) {
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
  const node = element("form", { class: "composer empty" }, label, element("div", { class: "entry" }, ...attachments, field, send), hint);
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

// Told again now and then while it goes on: who joins in between sees it too. Gives what ends it.
function tellTyping(field, typing) {
  let timer = null;
  let toldAt = 0;
  const stop = () => {
    clearTimeout(timer);
    if (timer !== null) typing(false);
    timer = null;
    toldAt = 0;
  };
  field.addEventListener("input", () => {
    if (Date.now() - toldAt > TELL_AGAIN_MS) {
      toldAt = Date.now();
      typing(true);
    }
    clearTimeout(timer);
    timer = setTimeout(stop, TYPING_LASTS_MS);
  });
  field.addEventListener("blur", stop);
  return stop;
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
