// The open chat: puts the log, the composer and the conversation together in a dialog.

import { createComposer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { element, icon, iconButton } from "./dom.js";
import { acceptDrops } from "./file_choice.js";
import { MessageLog } from "./message_log.js";
import { panelSheet } from "./panel_style.js";
import { createRestartQuestion } from "./restart_question.js";
import { storedSession } from "./session.js";
import { proveSession } from "./session_proof.js";
import { texts } from "./texts.js";
import { createTray } from "./tray.js";
import { uploadTexts } from "./upload_texts.js";
import { Uploads } from "./uploads.js";

const FULL_SCREEN = "(max-width: 540px), (max-height: 480px)";
const SHOW_STATE_AFTER_MS = 600; // a quick connection needs no words

/** Builds the panel into `parent` and connects; returns it once it can be opened. */
export function createPanel({ parent, root, server, title, onClosed, onUnread }) {
  proveSession();
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, panelSheet];
  return new Panel(parent, server, title, { onClosed, onUnread });
}

class Panel {
  #composer;
  #conversation;
  #dialog;
  #events;
  #fullScreen = matchMedia(FULL_SCREEN);
  #log;
  #main;
  #restart;
  #state;
  #stateLine = element("p", { class: "state", role: "status" });
  #stateTimer;
  #spoken = element("p", { class: "unseen", role: "status" });
  #title;
  #tray;
  #typing = false;
  #unread = 0;
  #uploads;

  constructor(parent, server, title, events) {
    this.#events = events;
    this.#log = new MessageLog({
      choose: (choice) => this.#choose(choice),
      retry: (message) => this.#conversation.retry(message),
      download: (message) => this.#download(message),
    });
    this.#composer = createComposer({
      say: (text) => this.#say(text),
      send: (files) => this.#uploads.add(files),
      announce: (text) => this.#announce(text),
      typing: (on) => this.#conversation.typing(on),
    });
    this.#tray = createTray({
      uploads: () => this.#uploads,
      announce: (text) => this.#announce(text),
      chooseAgain: () => this.#composer.chooseFiles(),
    });
    this.#restart = createRestartQuestion({
      confirm: () => this.#startAfresh(),
      closed: () => this.#leaveRestartQuestion(),
    });
    this.#build(parent, title);
    this.#conversation = new Conversation(server, this.#listener());
    this.#uploads = new Uploads({
      endpoint: new URL("subidas/", server).href,
      proof: storedSession,
      owner: "chat",
      changed: (entry) => this.#log.keepEndDuring(() => this.#tray.show(entry)),
    });
    this.#uploads.entries.forEach((entry) => this.#tray.show(entry));
  }

  open() {
    if (this.#dialog.open) return;
    this.#show();
    this.#unread = 0;
    this.#conversation.opened();
    this.#log.scrollToEnd();
  }

  close() {
    if (!this.#dialog.open) return;
    this.#restart.hide();
    this.#dialog.close();
    this.#events.onClosed();
  }

  ask(question) {
    this.#say(question);
  }

  #build(parent, title) {
    this.#main = element(
      "div",
      { class: "main" },
      this.#header(title),
      this.#stateLine,
      this.#log.node,
      this.#tray.node,
      this.#composer.node,
      element("div", { class: "drop", "aria-hidden": "true" }, icon("clip"), uploadTexts.drop),
      this.#spoken,
    );
    this.#dialog = element("dialog", { class: "panel", "aria-labelledby": "title" }, this.#main, this.#restart.node);
    parent.append(this.#dialog);
    this.#listenForClosing();
    acceptDrops(this.#main, (files) => this.#uploads.add(files));
    this.#fullScreen.addEventListener("change", () => this.#dialog.open && this.#reshow());
    followViewport(this.#dialog);
  }

  #header(title) {
    const restart = iconButton("restart", texts.restart, "tool");
    const close = iconButton("close", texts.close, "tool");
    restart.addEventListener("click", () => this.#askToRestart());
    close.addEventListener("click", () => this.close());
    this.#title = element("h2", { id: "title", tabindex: "-1" }, title);
    const names = element("div", { class: "names" }, this.#title, element("p", {}, texts.subtitle));
    return element("header", {}, icon("window"), names, restart, close);
  }

  #listenForClosing() {
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      if (this.#restart.shown) this.#restart.hide();
      else this.close();
    });
    // The phone's "back" gesture on a modal dialog.
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
  }

  // On a phone the chat covers the page, so it is modal; beside a page it is not.
  #show() {
    if (this.#fullScreen.matches) this.#dialog.showModal();
    else this.#dialog.show();
    this.#focusStart();
  }

  #reshow() {
    this.#dialog.close();
    this.#show();
  }

  // On a touch screen the keyboard would cover the answers: it waits for a tap.
  #focusStart() {
    if (matchMedia("(pointer: coarse)").matches) this.#title.focus();
    else this.#composer.focus();
  }

  #listener() {
    return {
      changed: (arrived) => this.#changed(arrived),
      state: (state) => this.#showState(state),
      typing: (on, name) => this.#showTyping(on, name),
      notice: (text) => this.#showNotice(text),
      restarted: () => this.#showTyping(false),
    };
  }

  #changed(arrived) {
    this.#log.show(this.#conversation.messages, arrived);
    const answers = arrived.filter(({ sender, live }) => live && sender !== "person");
    if (this.#dialog.open || !answers.length) return;
    this.#unread += answers.length;
    this.#events.onUnread(this.#unread);
  }

  #say(text, shown) {
    this.#hideNotice();
    this.#conversation.say(text, shown);
  }

  // On our own pages it stays where it is; a page of others must not be left for it.
  async #download(message) {
    this.#hideNotice();
    const href = await this.#conversation.fileLink(message);
    if (href) element("a", { href, download: "", target: "_blank", rel: "noopener" }).click();
  }

  #choose({ title, payload }) {
    this.#focusStart();
    this.#say(payload, title);
  }

  #showState(state) {
    if (state === this.#state) return;
    this.#state = state;
    clearTimeout(this.#stateTimer);
    const text = { connecting: texts.connecting, reconnecting: texts.reconnecting, online: "" }[state];
    const show = () => {
      this.#stateLine.textContent = text;
      this.#stateLine.classList.remove("notice");
    };
    if (text) this.#stateTimer = setTimeout(show, SHOW_STATE_AFTER_MS);
    else show();
  }

  #showNotice(text) {
    this.#stateLine.classList.add("notice");
    this.#stateLine.textContent = text;
  }

  #hideNotice() {
    if (!this.#stateLine.classList.contains("notice")) return;
    this.#stateLine.textContent = "";
    this.#stateLine.classList.remove("notice");
  }

  #showTyping(on, name) {
    if (on !== this.#typing) this.#announce(on ? texts.typing(name) : "");
    this.#typing = on;
    this.#log.typing(on, name);
  }

  #announce(text) {
    this.#spoken.textContent = text;
  }

  #askToRestart() {
    this.#main.inert = true;
    this.#restart.show();
  }

  #leaveRestartQuestion() {
    this.#main.inert = false;
    this.#focusStart();
  }

  #startAfresh() {
    this.#composer.clear();
    this.#uploads.removeAll();
    this.#conversation.startAfresh();
  }
}

// Keeps the full-screen panel above the virtual keyboard where the browser does not do so by itself.
function followViewport(dialog) {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const follow = () => {
    dialog.style.setProperty("--viewport-height", `${viewport.height}px`);
    dialog.style.setProperty("--viewport-top", `${viewport.offsetTop}px`);
  };
  viewport.addEventListener("resize", follow);
  viewport.addEventListener("scroll", follow);
  follow();
}
