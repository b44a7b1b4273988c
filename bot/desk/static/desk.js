// The desk: keeps the open conversations and brings what the server tells to the three columns.

import { Uploads } from "/static/uploads.js";
import { ConversationPane } from "./conversation.js";
import { askOutcome, askReceiver, askState, showDue, showKeys } from "./dialogs.js";
import { Link, Refused } from "./link.js";
import { Lists } from "./queue.js";
import { listenForKeys } from "./shortcuts.js";
import { showSummary } from "./summary.js";
import { joined } from "./talks.js";
import { texts } from "./texts.js";
import { Unsent } from "./unsent.js";

const GATHER_MS = 250;
const ERROR_SHOWN_MS = 6_000;
const find = (id) => document.getElementById(id);
const { dataset } = document.body;

class Desk {
  #words = JSON.parse(dataset.words);
  #me = Number(dataset.me);
  #talks = new Map(); // case id → what `look` gave, and what came since
  #threads = new Map(); // thread → case id
  #current = null;
  #waiting = 0;
  #gathering;
  #link = new Link({ state: (state) => this.#connection(state) });
  #looks = 0; // on their way
  #early = []; // messages of conversations that are not known yet, while a look is on its way
  #uploads = new Map(); // case id → the files on their way to its customer
  #unsent = new Unsent(this.#me);
  #sending = new Map(); // case id → when all that was written there is sent
  #onTheirWay = new Set(); // ids of what is being sent
  #pane = new ConversationPane(find("conversation"));
  #lists = new Lists(this.#words, (event, data) => this.#ask(event, data), (caseId) => this.open(caseId));

  start() {
    this.#link.on("messages", (told) => this.#messages(told));
    this.#link.on("customer_typing", ({ thread, on }) => this.#customerTyping(thread, on));
    this.#link.on("undelivered", ({ thread, why }) => this.#undelivered(thread, why));
    this.#link.on("changed", ({ case_id: caseId }) => this.#changed(caseId));
    this.#link.on("queue_changed", () => this.#refreshSoon());
    find("next").addEventListener("click", () => this.#takeNext());
    find("help").addEventListener("click", showKeys);
    find("due").addEventListener("click", () => this.#showDue());
    find("leave").addEventListener("submit", () => this.#unsent.forgetAll());
    for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => showView(button.dataset.show));
    this.#offerNotifications();
    this.#listenForKeys();
    showView("list");
  }

  async #connection(state) {
    find("state").textContent = { online: "", lost: texts.lost, signedOut: texts.signedOut }[state];
    if (state !== "online") return;
    await this.#refresh();
    const { teams } = await this.#ask("colleagues");
    this.#lists.offerTeams(teams);
    const caseId = this.#current ?? caseOfAddress();
    if (caseId) await this.#reopen(caseId);
    this.#sendAgain();
  }

  // What may no longer be seen is closed.
  async #reopen(caseId) {
    try {
      await this.open(caseId);
    } catch (failure) {
      if (failure.code === "no_such_case") this.#unsent.forget(caseId);
      this.#forget(caseId);
    }
  }

  // Errors of the server are shown and end what was begun.
  async #ask(event, data) {
    try {
      return await this.#link.ask(event, data);
    } catch (failure) {
      if (failure instanceof Refused) this.#say(texts.errors[failure.code] ?? texts.errors.try_again);
      throw failure;
    }
  }

  #say(text) {
    find("state").textContent = text;
    setTimeout(() => find("state").textContent === text && (find("state").textContent = ""), ERROR_SHOWN_MS);
  }

  #refreshSoon() {
    clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => this.#refresh(), GATHER_MS);
  }

  async #refresh() {
    const [found, { cases }] = await Promise.all([this.#lists.refresh(), this.#ask("mine")]);
    if (found.waiting > this.#waiting && document.hidden) notify(texts.newWaiting);
    this.#waiting = found.waiting;
    for (const each of cases) this.#threads.set(each.thread, each.id);
    this.#lists.showMine(cases.map((each) => ({ ...each, person: this.#talks.get(each.id)?.summary.person, unread: each.id === this.#current ? 0 : each.unread })));
  }

  async open(caseId) {
    const { early, ...found } = await this.#look(caseId);
    this.#talks.set(caseId, { ...joined(found, this.#talks.get(caseId), early), typing: false });
    this.#threads.set(found.thread, caseId);
    this.#current = caseId;
    history.replaceState(null, "", `#${caseId}`); // a page that is loaded again shows it again
    this.#show();
    this.#lists.choose(caseId);
    this.#read();
    if (found.is_mine) this.#pane.composer().focus();
    else find("conversation").focus();
  }

  // Of a conversation that is asked for the first time nobody knows yet which messages are its own.
  async #look(caseId) {
    this.#looks += 1;
    try {
      const found = await this.#ask("look", { case_id: caseId });
      const early = this.#threads.has(found.thread) ? [] : this.#early.filter(({ thread }) => thread === found.thread);
      return { ...found, early: early.flatMap(({ messages }) => messages) };
    } finally {
      this.#looks -= 1;
      if (!this.#looks) this.#early = [];
    }
  }

  #show() {
    const talk = this.#talks.get(this.#current);
    this.#pane.show(talk, this.#actions(this.#current));
    this.#showFacts();
    showView("talk");
  }

  #showFacts() {
    showSummary(find("facts"), this.#talks.get(this.#current), { reveal: () => this.#reveal(), change: (procedure) => this.#changeState(procedure) });
  }

  #actions(caseId) {
    return {
      take: () => this.#take(caseId),
      handBack: () => this.#end("hand_back", { case_id: caseId }),
      pass: () => this.#pass(caseId),
      close: () => this.#close(caseId),
      say: (text) => this.#send(caseId, this.#unsent.add(caseId, text, false)),
      note: (text) => this.#send(caseId, this.#unsent.add(caseId, text, true)),
      sending: () => this.#unsent.sending(caseId),
      draft: () => this.#unsent.draft(caseId),
      keepDraft: (draft) => this.#unsent.keepDraft(caseId, draft),
      earlier: () => this.#earlier(caseId),
      typing: (on) => this.#link.tell("typing", { case_id: caseId, on }),
      suggest: () => this.#suggest(caseId),
      canned: () => this.#canned(caseId),
      uploads: this.#uploadsOf(caseId),
      announce: (text) => this.#say(text),
    };
  }

  // They go on while another conversation is shown.
  #uploadsOf(caseId) {
    if (!this.#uploads.has(caseId)) {
      const changed = (entry) => caseId === this.#current && this.#pane.showFile(entry);
      const endpoint = new URL("/desk/subidas/", location.href).href;
      this.#uploads.set(caseId, new Uploads({ endpoint, proof: () => String(caseId), owner: `desk.${caseId}`, changed }));
    }
    return this.#uploads.get(caseId);
  }

  async #takeNext() {
    const { first } = this.#lists;
    if (first) await this.#take(first.id);
  }

  async #take(caseId) {
    try {
      await this.#ask("take", { case_id: caseId });
      await this.open(caseId); // before the lists: the customer comes first
    } finally {
      await this.#refresh();
    }
  }

  // One after the other, in the order in which they were written.
  #send(caseId, entry) {
    if (this.#onTheirWay.has(entry.id)) return;
    this.#onTheirWay.add(entry.id);
    if (caseId === this.#current) this.#pane.addWaiting(entry);
    const before = this.#sending.get(caseId) ?? Promise.resolve();
    this.#sending.set(caseId, before.then(() => this.#deliver(caseId, entry)));
  }

  async #deliver(caseId, entry) {
    try {
      const { sequence } = await this.#ask(entry.isNote ? "note" : "say", { case_id: caseId, text: entry.text, id: entry.id });
      this.#unsent.remove(caseId, entry.id);
      this.#pane.removeWaiting(entry.id);
      this.#delivered(caseId, entry, sequence);
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure;
      if (failure.code !== "signed_out") this.#giveBack(caseId, entry); // else it is sent once somebody has signed in again
    } finally {
      this.#onTheirWay.delete(entry.id);
    }
  }

  #delivered(caseId, { text, isNote }, sequence) {
    const now = new Date().toISOString();
    if (!isNote) return this.#arrived(caseId, { sequence, sender: "agent", signed_by: dataset.name, text, sent_at: now });
    const note = { at: now, by: dataset.name, text };
    this.#talks.get(caseId)?.notes.push(note);
    if (caseId === this.#current) this.#pane.addNote(note);
  }

  #giveBack(caseId, entry) {
    this.#pane.removeWaiting(entry.id);
    this.#unsent.giveBack(caseId, entry);
    if (caseId === this.#current) this.#pane.composer()?.takeDraft();
  }

  // What was written before the page was loaded again, or before the session was over.
  #sendAgain() {
    for (const caseId of this.#unsent.cases) for (const entry of this.#unsent.sending(caseId)) this.#send(caseId, entry);
  }

  async #earlier(caseId) {
    const talk = this.#talks.get(caseId);
    if (talk.asksEarlier) return;
    talk.asksEarlier = true;
    try {
      const before = talk.messages[0].sequence;
      const { messages, has_earlier: hasEarlier } = await this.#ask("earlier", { case_id: caseId, before });
      if (talk !== this.#talks.get(caseId)) return; // asked for anew meanwhile
      talk.messages.unshift(...messages);
      talk.has_earlier = hasEarlier;
      if (caseId !== this.#current) return;
      this.#pane.addEarlier(talk, messages.length);
      if (talk.revealed && messages.length) await this.#revealMessages(talk, messages[0].sequence, before);
    } finally {
      talk.asksEarlier = false;
    }
  }

  async #suggest(caseId) {
    const { answers } = await this.#ask("suggest", { case_id: caseId });
    if (!answers.length) this.#say(texts.noSuggestions);
    return answers.map(({ title, text }) => ({ title, text: withoutMarkup(text) }));
  }

  #canned(caseId) {
    const { case: about, summary } = this.#talks.get(caseId);
    const values = { cliente: summary.person?.split(" ")[0] ?? "", agente: dataset.name, clave: about.key, ...this.#words.facts };
    const filled = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole).replace(/, \./g, ".").replace(/ ,|,(?=[.!])/g, "");
    return this.#words.canned.map((reply) => ({ ...reply, text: filled(reply.text) }));
  }

  async #pass(caseId) {
    const to = await askReceiver(await this.#ask("colleagues"), this.#me);
    if (to) await this.#end("transfer", { case_id: caseId, ...to });
  }

  async #close(caseId) {
    const said = await askOutcome(this.#words);
    if (said) await this.#end("close", { case_id: caseId, ...said });
  }

  async #end(event, data) {
    await this.#ask(event, data);
    this.#unsent.forget(data.case_id);
    this.#forget(data.case_id);
    await this.#refresh();
    const next = this.#lists.mine[0];
    if (next) await this.open(next.id);
  }

  #forget(caseId) {
    this.#talks.delete(caseId);
    if (caseId === caseOfAddress()) history.replaceState(null, "", location.pathname);
    if (this.#current !== caseId) return;
    this.#current = null;
    this.#lists.choose(null);
    find("facts").replaceChildren();
    find("conversation").replaceChildren(Object.assign(document.createElement("p"), { className: "empty big", textContent: texts.nothing }));
    showView("list");
  }

  async #reveal() {
    const talk = this.#talks.get(this.#current);
    talk.revealed = await this.#revealMessages(talk, talk.messages[0]?.sequence);
    this.#showFacts();
  }

  async #revealMessages(talk, first, before) {
    const { messages, ...revealed } = await this.#ask("reveal", { case_id: talk.case.id, first, before });
    if (talk === this.#talks.get(this.#current)) this.#pane.reveal(messages);
    return revealed;
  }

  async #changeState(procedure) {
    const said = await askState(this.#words, procedure.state);
    if (!said) return;
    await this.#ask("bring_forward", { procedure_id: procedure.id, ...said });
    await this.open(this.#current);
  }

  async #showDue() {
    const { procedures } = await this.#ask("due");
    showDue(procedures);
  }

  #messages({ thread, messages }) {
    const caseId = this.#threads.get(thread);
    if (caseId === undefined && this.#looks) this.#early.push({ thread, messages });
    if (caseId === undefined) return;
    for (const message of messages) this.#arrived(caseId, message);
  }

  #arrived(caseId, message) {
    const talk = this.#talks.get(caseId);
    const isNew = !talk?.messages.some(({ sequence }) => sequence === message.sequence);
    if (talk && isNew) talk.messages.push(message);
    if (caseId === this.#current) this.#pane.add(message);
    if (!isNew || message.sender !== "person") return;
    if (document.hidden) notify(texts.newMessage);
    if (caseId === this.#current) this.#read();
    else this.#lists.showMine(this.#lists.mine.map((each) => (each.id === caseId ? { ...each, unread: (each.unread ?? 0) + 1 } : each)));
    if (caseId === this.#current) this.#customerTyping(talk.thread, false);
  }

  #read() {
    const talk = this.#talks.get(this.#current);
    const last = talk.messages.at(-1)?.sequence;
    if (talk.is_mine && last > 0) this.#link.ask("read", { case_id: this.#current, sequence: last }).catch(() => {});
  }

  #customerTyping(thread, on) {
    const talk = this.#talks.get(this.#threads.get(thread));
    if (talk) talk.typing = on;
    if (this.#threads.get(thread) === this.#current) this.#pane.typing(on);
  }

  #undelivered(thread, why) {
    const talk = this.#talks.get(this.#threads.get(thread));
    if (talk) talk.undelivered = why;
    if (this.#threads.get(thread) === this.#current) this.#pane.undelivered(why);
  }

  // Somebody took it, gave it away or ended it: what is shown is asked for again, if it may still be seen.
  async #changed(caseId) {
    this.#refreshSoon();
    if (caseId !== this.#current || this.#talks.get(caseId)?.changing) return;
    const talk = this.#talks.get(caseId);
    talk.changing = true;
    await this.#reopen(caseId);
    if (this.#talks.has(caseId)) this.#talks.get(caseId).changing = false;
  }

  #offerNotifications() {
    const button = find("notify");
    if (!("Notification" in window) || Notification.permission !== "default") return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await Notification.requestPermission();
      button.hidden = true;
    });
  }

  #listenForKeys() {
    const composer = (act) => () => this.#pane.composer() && act(this.#pane.composer());
    const current = (act) => () => this.#current && this.#talks.get(this.#current)?.is_mine && act(this.#current);
    listenForKeys({
      n: () => this.#takeNext(),
      q: () => this.#lists.focusQueue(),
      w: composer((one) => one.focus()),
      r: composer((one) => one.openCanned()),
      s: composer((one) => one.openSuggestions()),
      o: composer((one) => one.toggleNote()),
      a: composer((one) => one.chooseFiles()),
      i: () => find("facts").focus(),
      b: current((caseId) => this.#end("hand_back", { case_id: caseId })),
      p: current((caseId) => this.#pass(caseId)),
      c: current((caseId) => this.#close(caseId)),
      j: () => this.#step(1),
      k: () => this.#step(-1),
      number: (place) => this.#lists.mine[place - 1] && this.open(this.#lists.mine[place - 1].id),
      "?": showKeys,
    });
  }

  #step(by) {
    const { mine } = this.#lists;
    const at = mine.findIndex(({ id }) => id === this.#current);
    if (mine.length) this.open(mine[(at + by + mine.length) % mine.length].id);
  }
}

/** The case that the address of the page names, `/desk#12`. */
function caseOfAddress() {
  return Number(/^#(\d+)$/.exec(location.hash)?.[1]) || null;
}

function showView(name) {
  dataset.view = name;
  for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === name));
}

function notify(text) {
  if ("Notification" in window && Notification.permission === "granted") new Notification(text, { tag: "ventanilla-desk" });
}

// Answers of the assistant hold a little Markdown; what a person writes does not.
function withoutMarkup(text) {
  return text.replace(/\*\*(.+?)\*\*/gs, "$1").replace(/\[([^\]]+)\]\((?:tel:|mailto:)[^)]+\)/g, "$1").replace(/\[([^\]]+)\]\(([^)]+)\)/g, "$1: $2");
}

new Desk().start();
