// The launcher: all that a host page loads before anyone opens the chat.
//
//   <script type="module" src="https://host/widget.js" async></script>
//
// Options, on the script tag or on a <ventanilla-chat> element of the page's own:
//   data-title="…"  data-color="#0b5563"  data-position="left"  data-open
// or in the address: widget.js?title=…&color=…&position=left&open
// Any element of the page with data-ventanilla-open opens the chat; its value, if any, is asked.

import { element, icon } from "./static/dom.js";
import { launcherSheet } from "./static/launcher_style.js";
import { storedSession } from "./static/session.js";
import { texts } from "./static/texts.js";
import { applyColor } from "./static/theme.js";

const TAG = "ventanilla-chat";
const OPTIONS = ["title", "color", "position", "open"];
const server = new URL(".", import.meta.url);

class VentanillaChat extends HTMLElement {
  #aside;
  #badge;
  #launcher;
  #opener;
  #panel;

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [launcherSheet];
    if (this.dataset.color) applyColor(this, this.dataset.color);
    this.#buildLauncher(root);
    if (storedSession()) whenIdle(() => this.#load());
    if (this.dataset.open !== undefined) this.open();
  }

  /** Opens the panel; the caller's element gets the focus back when it closes. */
  async open(opener = this.#launcher) {
    this.#opener = opener;
    const panel = await this.#load();
    this.#launcher.hidden = true;
    this.#launcher.setAttribute("aria-expanded", "true");
    this.#showUnread(0);
    panel.open();
  }

  async close() {
    (await this.#load()).close();
  }

  /** Opens the panel and sends `question` as the person's message. */
  async ask(question, opener) {
    await this.open(opener);
    (await this.#load()).ask(question);
  }

  #buildLauncher(root) {
    this.#badge = element("span", { class: "badge", hidden: "" });
    this.#launcher = element(
      "button",
      { class: "launcher", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" },
      icon("window"),
      element("span", { class: "label" }, texts.launcher),
      this.#badge,
    );
    this.#launcher.addEventListener("click", () => this.open());
    this.#aside = element("aside", { lang: texts.locale, "aria-label": texts.landmark }, this.#launcher);
    root.append(this.#aside);
  }

  #load() {
    this.#panel ??= import("./static/panel.js").then(({ createPanel }) =>
      createPanel({
        parent: this.#aside,
        root: this.shadowRoot,
        server,
        title: this.dataset.title || texts.title,
        onClosed: () => this.#closed(),
        onUnread: (count) => this.#showUnread(count),
      }),
    );
    return this.#panel;
  }

  #closed() {
    this.#launcher.hidden = false;
    this.#launcher.setAttribute("aria-expanded", "false");
    (this.#opener ?? this.#launcher).focus();
  }

  #showUnread(count) {
    this.#badge.hidden = count === 0;
    this.#badge.replaceChildren(
      element("span", { "aria-hidden": "true" }, String(count)),
      element("span", { class: "unseen" }, texts.unread(count)),
    );
  }
}

function whenIdle(task) {
  (window.requestIdleCallback ?? ((run) => setTimeout(run, 200)))(task);
}

// A module has no document.currentScript, so the tag is found by its address.
function scriptOptions() {
  const tag = [...document.scripts].find((script) => script.src === import.meta.url);
  const query = new URL(import.meta.url).searchParams;
  const options = {};
  for (const name of OPTIONS) {
    const value = tag?.dataset[name] ?? query.get(name);
    if (value !== null && value !== undefined) options[name] = value;
  }
  return options;
}

function place() {
  if (document.querySelector(TAG)) return;
  const chat = document.createElement(TAG);
  Object.assign(chat.dataset, scriptOptions());
  document.body.append(chat);
}

function openFromPage(event) {
  const opener = event.target.closest?.("[data-ventanilla-open]");
  const chat = opener && document.querySelector(TAG);
  if (!chat) return;
  const question = opener.dataset.ventanillaOpen;
  if (question) chat.ask(question, opener);
  else chat.open(opener);
}

if (!customElements.get(TAG)) {
  customElements.define(TAG, VentanillaChat);
  document.addEventListener("click", openFromPage);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
}
