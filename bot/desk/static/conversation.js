// The conversation in the middle: its messages as they come, and what can be done with it.

import { element } from "/static/dom.js";
import { downloadLabel, fileCard } from "/static/file_card.js";
import { acceptDrops } from "/static/file_choice.js";
import { fileTexts } from "/static/file_texts.js";
import { richText } from "/static/rich_text.js";
import { uploadTexts } from "/static/upload_texts.js";
import { Composer } from "./composer.js";
import { fileAddress } from "./file_address.js";
import { inOrder } from "./talks.js";
import { texts } from "./texts.js";
import { moment } from "./time.js";

const AT_BOTTOM_PX = 60;

export class ConversationPane {
  #composer = null;
  #more = element("button", { type: "button" }, texts.earlierMessages);
  #loaded = element("p", { class: "unseen", role: "status" });
  #past = element("div"); // what was said before and loaded later: no news, so not in the log
  #log = element("div", { role: "log", "aria-label": texts.log });
  #scroller = element("div", { class: "log", role: "group", tabindex: "0", "aria-label": texts.log }, element("p", { class: "more" }, this.#more), this.#loaded, this.#past, this.#log);
  #place;
  #nodes = new Map(); // message's sequence, or note → node
  #waiting = new Map(); // id of what is being sent → node
  #caseId;
  #undelivered = element("p", { class: "undelivered", role: "status" });
  #typing = element("p", { class: "typing", role: "status" });

  constructor(place) {
    this.#place = place;
    acceptDrops(place, (files) => this.#composer?.send(files));
  }

  /** Shows a talk of `desk.js`; `actions` are its buttons and those of the composer. Shown again, it stays where it was scrolled to. */
  show(talk, actions) {
    const stay = talk.case.id === this.#caseId && this.#scroller.isConnected ? this.#spot() : null;
    this.#caseId = talk.case.id;
    this.#nodes.clear();
    this.#waiting.clear();
    this.#past.replaceChildren();
    this.#loaded.textContent = "";
    this.#more.onclick = () => actions.earlier();
    this.#more.hidden = !talk.has_earlier;
    this.#composer = talk.is_mine ? new Composer(actions) : null;
    const foot = this.#composer?.node ?? element("p", { class: "foot empty" }, { waiting: texts.readOnly, agent: texts.elsewhere }[talk.case.state] ?? texts.over);
    const bottom = element("div", {}, this.#undelivered, this.#typing, foot);
    const hanging = element("div", { class: "drop", "aria-hidden": "true" }, uploadTexts.drop);
    this.#log.replaceChildren(...inOrder(talk, (entry) => this.#node(entry)));
    this.#place.replaceChildren(top(talk, actions), this.#scroller, bottom, ...(this.#composer ? [hanging] : []));
    for (const entry of actions.sending()) this.addWaiting(entry);
    this.typing(talk.typing);
    this.undelivered(talk.undelivered);
    if (!this.#backTo(stay)) this.#toEnd();
  }

  /** One more message; the same again changes nothing. */
  add(message) {
    if (this.#nodes.has(message.sequence)) return;
    const follow = this.#isAtEnd();
    this.#log.append(this.#node(message));
    if (follow || message.sender === "agent") this.#toEnd();
  }

  /** So many messages before what is shown are in the talk now; what is read stays where it is. */
  addEarlier(talk, count) {
    const spot = this.#spot();
    const first = this.#log.querySelector(".message:not(.note)");
    const all = inOrder(talk, (entry) => this.#node(entry));
    this.#past.replaceChildren(...all.slice(0, all.indexOf(first)));
    this.#loaded.textContent = texts.earlierShown(count, talk.has_earlier);
    if (!talk.has_earlier && document.activeElement === this.#more) this.#scroller.focus({ preventScroll: true });
    this.#more.hidden = !talk.has_earlier;
    if (!this.#backTo(spot)) this.#toEnd();
  }

  /** What is being sent, until the server has it. */
  addWaiting({ id, text, isNote }) {
    if (isNote || this.#waiting.has(id)) return;
    const node = messageNode({ sender: "agent", signed_by: texts.by.agent, text, sent_at: new Date().toISOString() });
    node.classList.add("waiting");
    this.#waiting.set(id, node);
    this.#log.append(node);
    this.#toEnd();
  }

  removeWaiting(id) {
    this.#waiting.get(id)?.remove();
    this.#waiting.delete(id);
  }

  addNote(note) {
    this.#log.append(this.#node(note));
    this.#toEnd();
  }

  /** The same messages with what was masked in them. */
  reveal(messages) {
    for (const message of messages) {
      const node = this.#nodes.get(message.sequence);
      if (node && !message.file) node.querySelector(".bubble").replaceChildren(message.sender === "assistant" ? richText(message.text) : message.text);
    }
  }

  typing(on) {
    this.#typing.textContent = on ? texts.writing : "";
  }

  /** A file on its way: its row leaves the log less room, which stays at its end. */
  showFile(entry) {
    const follow = this.#isAtEnd();
    this.#composer?.showFile(entry);
    if (follow) this.#toEnd();
  }

  /** What hinders that the customer gets what is said; null: nothing. */
  undelivered(why) {
    this.#undelivered.textContent = why ? texts.undelivered[why] : "";
  }

  composer() {
    return this.#composer;
  }

  #node(entry) {
    const key = entry.sequence ?? entry;
    if (!this.#nodes.has(key)) this.#nodes.set(key, entry.sequence ? messageNode(entry, this.#caseId) : noteNode(entry));
    return this.#nodes.get(key);
  }

  // A message that is seen, and where it stands in the window; null at the end, which is followed.
  #spot() {
    if (this.#isAtEnd()) return null;
    const top = this.#scroller.getBoundingClientRect().top;
    for (const [sequence, node] of this.#nodes) {
      const place = node.getBoundingClientRect();
      if (typeof sequence === "number" && place.bottom > top) return { sequence, top: place.top };
    }
    return null;
  }

  #backTo(spot) {
    const node = this.#nodes.get(spot?.sequence);
    if (node) this.#scroller.scrollTop += node.getBoundingClientRect().top - spot.top;
    return node !== undefined;
  }

  #isAtEnd() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < AT_BOTTOM_PX;
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}

function top({ case: about, summary, is_mine: isMine }, actions) {
  const who = summary.person ?? texts.unknown;
  const line = [summary.agency, about.key, about.channel, about.choice_name, about.agent].filter(Boolean).join(" · ");
  const names = element("div", { class: "names" }, element("h2", {}, who), element("p", {}, line));
  const make = (text, act, name = "") => {
    const button = element("button", { type: "button", class: name }, text);
    button.addEventListener("click", act);
    return button;
  };
  const buttons = isMine
    ? [make(texts.handBack, actions.handBack), make(texts.pass, actions.pass), make(texts.close, actions.close)]
    : about.state === "waiting"
      ? [make(texts.take, actions.take, "primary")]
      : [];
  const mailed = about.is_mailed ? [element("p", { class: "mailed" }, texts.mailed(about.email, summary.is_email_on_record))] : [];
  return element("div", { class: "top" }, names, ...buttons, ...mailed);
}

function messageNode({ sender, signed_by: signedBy, text, sent_at: sentAt, file }, caseId) {
  if (sender === "agent" && !signedBy) return element("div", { class: "message line" }, element("span", { class: "bubble-line" }, `${text} · ${moment(sentAt)}`));
  const bubble = element("div", { class: "bubble" });
  if (file) bubble.append(fileCard(file, wayTo(file, caseId), file.scan));
  else bubble.append(sender === "assistant" ? richText(text) : text);
  const by = signedBy || texts.by[sender];
  return element("div", { class: `message ${sender}` }, element("div", { class: "by" }, `${by} · ${moment(sentAt)}`), bubble);
}

// One that is not kept any more has no reference.
function wayTo(file, caseId) {
  if (!file.reference) return null;
  const href = fileAddress(file, caseId);
  return element("a", { class: "download", href, target: "_blank", rel: "noopener", "aria-label": downloadLabel(file) }, fileTexts.download);
}

function noteNode({ at, by, text }) {
  return element("div", { class: "message note" }, element("div", { class: "by" }, `${texts.noteBy(by)} · ${moment(at)}`), element("div", { class: "bubble" }, text));
}
