// Where the agent writes: to the customer, or an internal note; with ready answers and suggestions.

import { element } from "/static/dom.js";
import { acceptPastes, createFileField } from "/static/file_choice.js";
import { createTray } from "/static/tray.js";
import { createPicker } from "./picker.js";
import { texts } from "./texts.js";

const TYPING_LASTS_MS = 4_000;
const MAX_CHARACTERS = 2_000;

export class Composer {
  #actions;
  #field = element("textarea", { id: "write", maxlength: String(MAX_CHARACTERS), rows: "2" });
  #label = element("label", { for: "write", class: "unseen" }, texts.composer);
  #isNote = false;
  #attach = element("button", { type: "button" }, texts.attach);
  #files = createFileField((files) => this.send(files));
  #tray;
  #spoken = element("p", { class: "unseen", role: "status" });
  #note = element("button", { type: "button", "aria-pressed": "false" }, texts.note);
  #pick = element("div", { hidden: "" });
  #send = element("button", { type: "submit", class: "primary send" }, texts.send);
  #typing = false;
  #timer;

  /** `actions`: say(text), note(text), typing(on), suggest() → replies, canned() → replies filled in, `uploads` of files,
   *  announce(text), draft() → { text, isNote } and keepDraft(draft). */
  constructor(actions) {
    this.#actions = actions;
    const canned = element("button", { type: "button" }, texts.canned);
    const suggest = element("button", { type: "button" }, texts.suggest);
    canned.addEventListener("click", () => this.openCanned());
    suggest.addEventListener("click", () => this.openSuggestions());
    this.#note.addEventListener("click", () => this.toggleNote());
    this.#attach.addEventListener("click", () => this.chooseFiles());
    acceptPastes(this.#field, (files) => this.send(files));
    this.#tray = createTray({ uploads: () => actions.uploads, announce: (text) => (this.#spoken.textContent = text), chooseAgain: () => this.chooseFiles() });
    for (const entry of actions.uploads.entries) this.#tray.show(entry);
    this.node = element("form", { class: "foot" }, this.#pick, this.#tray.node, this.#label, this.#field, this.#files.node, this.#spoken, element("div", { class: "tools" }, canned, suggest, this.#note, this.#attach, this.#send));
    this.node.addEventListener("submit", (event) => this.#submit(event));
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => this.#written());
    this.takeDraft();
  }

  focus() {
    this.#field.focus();
  }

  /** Shows what was written before. */
  takeDraft() {
    const { text, isNote } = this.#actions.draft();
    this.#field.value = text;
    this.#isNote = isNote;
    this.#drawNote();
  }

  chooseFiles() {
    if (!this.#attach.disabled) this.#files.open();
  }

  /** Sends files to the customer; a note has none. */
  send(files) {
    if (this.#isNote) this.#actions.announce(texts.noteWithoutFiles);
    else this.#actions.uploads.add(files);
  }

  showFile(entry) {
    this.#tray.show(entry);
  }

  toggleNote() {
    this.#isNote = !this.#isNote;
    this.#drawNote();
    this.#keepDraft();
    this.focus();
  }

  openCanned() {
    this.#open(texts.canned, this.#actions.canned());
  }

  async openSuggestions() {
    const found = await this.#actions.suggest();
    if (found.length) this.#open(texts.suggestions, found);
  }

  #open(label, replies) {
    const shut = () => {
      this.#pick.hidden = true;
      this.#pick.replaceChildren();
      this.focus();
    };
    const choose = ({ text }) => {
      this.#field.value = [this.#field.value.trim(), text].filter(Boolean).join("\n");
      shut();
      this.#written();
    };
    const picker = createPicker(label, replies, { choose, leave: shut });
    this.#pick.replaceChildren(picker.node);
    this.#pick.hidden = false;
    picker.focus();
  }

  #drawNote() {
    const text = this.#isNote ? texts.noting : texts.composer;
    this.node.classList.toggle("noting", this.#isNote);
    this.#note.setAttribute("aria-pressed", String(this.#isNote));
    this.#attach.disabled = this.#isNote;
    this.#label.textContent = text;
    this.#field.placeholder = text;
    this.#send.textContent = this.#isNote ? texts.keep : texts.send;
  }

  #key(event) {
    if (event.key === "/" && !this.#field.value && !event.isComposing) {
      event.preventDefault();
      this.openCanned();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      this.#submit(event);
    }
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text) return;
    const isNote = this.#isNote;
    this.#field.value = "";
    this.#stopTyping();
    if (isNote) this.toggleNote();
    this.#keepDraft();
    if (isNote) this.#actions.note(text);
    else this.#actions.say(text);
    this.focus();
  }

  #written() {
    this.#keepDraft();
    this.#tellTyping();
  }

  #keepDraft() {
    this.#actions.keepDraft({ text: this.#field.value, isNote: this.#isNote });
  }

  #tellTyping() {
    if (this.#isNote) return;
    if (!this.#typing) this.#actions.typing(true);
    this.#typing = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stopTyping(), TYPING_LASTS_MS);
  }

  #stopTyping() {
    clearTimeout(this.#timer);
    if (this.#typing) this.#actions.typing(false);
    this.#typing = false;
  }
}
