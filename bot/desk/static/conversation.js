// The conversation in the middle: its messages as they come, and what can be done with it.

import { element } from "/static/dom.js";
import { downloadLabel, fileCard } from "/static/file_card.js";
import { acceptDrops } from "/static/file_choice.js";
import { fileTexts } from "/static/file_texts.js";
import { richText } from "/static/rich_text.js";
import { uploadTexts } from "/static/upload_texts.js";
import { Composer } from "./composer.js";
import { fileAddress } from "./file_address.js";
import { texts } from "./texts.js";
import { moment } from "./time.js";

const AT_BOTTOM_PX = 60;

export class ConversationPane {
  #composer = null;
  #log = element("div", { class: "log", role: "log", tabindex: "0", "aria-label": texts.log });
  #place;
  #shown = new Map(); // sequence → node
  #caseId;
  #undelivered = element("p", { class: "undelivered", role: "status" });
  #typing = element("p", { class: "typing", role: "status" });

  constructor(place) {
    this.#place = place;
    acceptDrops(place, (files) => this.#composer?.send(files));
  }

  /** Shows a talk of `desk.js`; `actions` are its buttons and those of the composer. */
  show(talk, actions) {
    this.#shown.clear();
    this.#caseId = talk.case.id;
    this.#log.replaceChildren();
    this.#composer = talk.is_mine ? new Composer(actions) : null;
    const foot = this.#composer?.node ?? element("p", { class: "foot empty" }, { waiting: texts.readOnly, agent: texts.elsewhere }[talk.case.state] ?? texts.over);
    const bottom = element("div", {}, this.#undelivered, this.#typing, foot);
    const hanging = element("div", { class: "drop", "aria-hidden": "true" }, uploadTexts.drop);
    this.#place.replaceChildren(top(talk, actions), this.#log, bottom, ...(this.#composer ? [hanging] : []));
    for (const message of talk.messages) this.#shown.set(message.sequence, messageNode(message, talk.case.id));
    this.#log.append(...inOrder(talk, this.#shown));
    this.typing(talk.typing);
    this.undelivered(talk.undelivered);
    if (this.#composer) this.#composer.draft = talk.draft ?? "";
    this.#toEnd();
  }

  get draft() {
    return this.#composer?.draft ?? "";
  }

  /** One more message; the same again changes nothing. */
  add(message) {
    if (this.#shown.has(message.sequence)) return;
    const follow = this.#isAtEnd();
    const node = messageNode(message, this.#caseId);
    this.#shown.set(message.sequence, node);
    this.#log.append(node);
    if (follow || message.sender === "agent") this.#toEnd();
  }

  /** What is being sent, until the server has it. */
  addWaiting(text) {
    const node = messageNode({ sender: "agent", signed_by: texts.by.agent, text, sent_at: new Date().toISOString() });
    node.classList.add("waiting");
    this.#log.append(node);
    this.#toEnd();
    return node;
  }

  addNote(note) {
    this.#log.append(noteNode(note));
    this.#toEnd();
  }

  /** The same messages with what was masked in them. */
  reveal(messages) {
    for (const message of messages) {
      const node = this.#shown.get(message.sequence);
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

  #isAtEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < AT_BOTTOM_PX;
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
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

function inOrder({ messages, notes }, nodes) {
  const said = messages.map((message) => [message.sent_at, nodes.get(message.sequence)]);
  const noted = notes.map((note) => [note.at, noteNode(note)]);
  return [...said, ...noted].sort(([one], [other]) => new Date(one) - new Date(other)).map(([, node]) => node);
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
