// The log of the conversation: draws what the ledger holds and keeps the reader's place in it.

import { element, icon } from "./dom.js";
import { downloadLabel, fileCard } from "./file_card.js";
import { fileTexts } from "./file_texts.js";
import { richText } from "./rich_text.js";
import { texts } from "./texts.js";

const AT_BOTTOM_PX = 48;
const READING_MARGIN_PX = 12;
const TIME = new Intl.DateTimeFormat(texts.locale, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(texts.locale, { weekday: "long", day: "numeric", month: "long" });
const DAY_MS = 86_400_000;

export class MessageLog {
  #actions;
  #drawn = new Map(); // message → {node, state}
  #jump;
  #list;
  #scroller;
  #typing;

  /** `actions` has choose({title, payload}) for a quick reply, retry(message) and download(message). */
  constructor(actions) {
    this.#actions = actions;
    this.#list = element("div");
    this.#typing = typingIndicator();
    const role = { role: "log", "aria-live": "polite", "aria-label": texts.log };
    this.#scroller = element("div", { class: "scroller", tabindex: "0", ...role }, this.#list, this.#typing);
    this.#jump = element("button", { type: "button", class: "jump", hidden: "" }, icon("down"), texts.newMessages);
    this.#jump.addEventListener("click", () => this.scrollToEnd());
    this.#scroller.addEventListener("scroll", () => this.#atBottom() && this.#hideJump(), { passive: true });
    this.node = element("div", { class: "log" }, this.#scroller, this.#jump);
  }

  /** Draws `messages`; those in `arrived` are new to the reader. */
  show(messages, arrived) {
    const follow = this.#atBottom() || arrived.length === 0;
    this.#scroller.setAttribute("aria-busy", "true");
    this.#removeAllBut(messages);
    messages.forEach((message, index) => this.#draw(message, messages[index - 1], index));
    this.#offerReplies(messages);
    this.#scroller.setAttribute("aria-busy", "false");
    if (follow) this.#scrollTo(arrived[0]);
    else this.#jump.hidden = false;
  }

  typing(on, name = "") {
    const follow = this.#atBottom();
    this.#typing.hidden = !on;
    this.#typing.querySelector(".writer").textContent = name ? texts.typing(name) : "";
    if (follow) this.scrollToEnd();
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#hideJump();
  }

  // Down to the end, but not past the beginning of what has just arrived: it is read from there.
  #scrollTo(arrived) {
    this.scrollToEnd();
    const start = arrived ? this.#drawn.get(arrived).node.offsetTop - READING_MARGIN_PX : Infinity;
    if (start < this.#scroller.scrollTop) this.#scroller.scrollTop = start;
  }

  /** Does `change`, which may leave the log less room, and stays at the end if the reader was there. */
  keepEndDuring(change) {
    const follow = this.#atBottom();
    change();
    if (follow) this.scrollToEnd();
  }

  focus() {
    this.#scroller.focus();
  }

  #hideJump() {
    // A hidden button would take the focus with it.
    if (this.#jump.getRootNode().activeElement === this.#jump) this.focus();
    this.#jump.hidden = true;
  }

  #atBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < AT_BOTTOM_PX;
  }

  #removeAllBut(messages) {
    const kept = new Set(messages);
    for (const [message, { node }] of this.#drawn) {
      if (kept.has(message)) continue;
      node.remove();
      this.#drawn.delete(message);
    }
  }

  // A node is drawn again only when its state changed and moved only when it is out of place,
  // because a live region reads aloud whatever is inserted.
  #draw(message, previous, index) {
    const drawn = this.#drawn.get(message) ?? { node: messageNode(message, this.#actions), state: null };
    if (drawn.state !== message.state) this.#drawState(drawn, message);
    this.#drawn.set(message, drawn);
    drawDay(drawn.node, message, previous);
    drawn.node.classList.toggle("follows", followsClosely(message, previous));
    if (this.#list.children[index] !== drawn.node) this.#list.insertBefore(drawn.node, this.#list.children[index] ?? null);
  }

  #drawState(drawn, message) {
    drawn.state = message.state;
    drawn.node.dataset.state = message.state;
    drawn.node.querySelector(".meta").replaceChildren(...this.#meta(message));
  }

  #meta(message) {
    if (message.state === "waiting") return [texts.waiting];
    if (message.state === "refused") return [texts.refused, this.#retryButton(message)];
    return [element("time", { datetime: message.sentAt.toISOString() }, TIME.format(message.sentAt))];
  }

  #retryButton(message) {
    const button = element("button", { type: "button", class: "retry" }, texts.retry);
    button.addEventListener("click", () => this.#actions.retry(message));
    return button;
  }

  // Quick replies answer the last question: once the person has written, they are gone.
  #offerReplies(messages) {
    const lastOwn = messages.findLastIndex(({ sender }) => sender === "person");
    messages.forEach((message, index) => {
      const { node } = this.#drawn.get(message);
      const offered = node.querySelector(".replies");
      if (index < lastOwn) offered?.remove();
      else if (message.buttons.length && !offered) node.append(this.#replies(message.buttons));
    });
  }

  #replies(buttons) {
    const group = element("div", { class: "replies", role: "group", "aria-label": texts.quickReplies });
    for (const choice of buttons) {
      const button = element("button", { type: "button", class: "reply" }, choice.title);
      button.addEventListener("click", () => this.#actions.choose(choice));
      group.append(button);
    }
    return group;
  }
}

function messageNode(message, actions) {
  const { sender, text, signedBy, file } = message;
  const isLine = sender === "agent" && signedBy === undefined; // about the staff: somebody joined or left
  const bubble = element("div", { class: "bubble" });
  if (file) bubble.append(fileCard(file, downloadButton(message, actions)));
  else bubble.append(sender === "person" ? text : richText(text));
  return element(
    "div",
    { class: isLine ? "message line" : `message ${sender}` },
    isLine ? "" : element("span", { class: sender === "agent" ? "sender" : "unseen" }, `${signedBy ?? texts.senders[sender]}: `),
    bubble,
    element("div", { class: "meta" }),
  );
}

// The link is made when it is wanted, as it works for some minutes only.
function downloadButton(message, actions) {
  const button = element("button", { type: "button", class: "download", "aria-label": downloadLabel(message.file) }, fileTexts.download);
  button.addEventListener("click", () => actions.download(message));
  return button;
}

function drawDay(node, message, previous) {
  const drawn = node.querySelector(".day");
  if (previous && sameDay(previous.sentAt, message.sentAt)) drawn?.remove();
  else if (!drawn) node.prepend(element("div", { class: "day" }, dayName(message.sentAt)));
}

function dayName(date) {
  const now = new Date();
  if (sameDay(date, now)) return texts.today;
  if (sameDay(date, new Date(now - DAY_MS))) return texts.yesterday;
  return DAY.format(date);
}

function sameDay(one, other) {
  return one.toDateString() === other.toDateString();
}

function followsClosely(message, previous) {
  return previous?.sender === message.sender && previous.signedBy === message.signedBy && sameDay(previous.sentAt, message.sentAt);
}

function typingIndicator() {
  const dots = [1, 2, 3].map(() => element("span", { class: "dot" }));
  const writer = element("span", { class: "writer" });
  return element("div", { class: "typing", "aria-hidden": "true", hidden: "" }, ...dots, writer);
}
