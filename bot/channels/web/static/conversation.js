// The protocol: Rasa's Socket.IO events, with sequence numbers so that nothing is lost or doubled.

import { fileTexts } from "./file_texts.js";
import { Ledger } from "./ledger.js";
import { onSessionChangedElsewhere, storedSession, storeSession } from "./session.js";
import { io } from "./vendor/socket.io.esm.min.js";

const ACKNOWLEDGE_WITHIN_MS = 10_000;
const RETRY_AFTER_MS = 1_000;
const SESSION_UNKNOWN = "session_unknown"; // the server's key has changed
const CONNECTION = {
  autoConnect: false,
  // WebSocket first: faster, and it needs no sticky sessions when the server has several workers.
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelay: 500,
  reconnectionDelayMax: 4_000,
  timeout: 10_000,
};

/** Calls `listener.changed(arrived)` (messages that were not known), `.state("connecting" | "online" |
 *  "reconnecting")`, `.typing(boolean, name)` (of the staff; without a name it is the assistant), `.notice(text)` and
 *  `.restarted()`. */
export class Conversation {
  #ledger = new Ledger();
  #listener;
  #opened = false;
  #ready = false;
  #sending = false;
  #session = storedSession();
  #socket;

  constructor(server, listener) {
    this.#listener = listener;
    this.#socket = io(server.origin, { ...CONNECTION, path: `${server.pathname}socket.io/` });
    this.#listen();
    onSessionChangedElsewhere((session) => this.#follow(session));
    listener.state("connecting");
    this.#socket.connect();
  }

  get messages() {
    return this.#ledger.messages;
  }

  /** The person has opened the chat: a new conversation gets its welcome only now. */
  opened() {
    if (this.#opened) return;
    this.#opened = true;
    if (this.#socket.connected) this.#requestSession();
  }

  /** Sends `text`, now or as soon as there is a connection; `shown` is what the log shows for it. */
  say(text, shown = text) {
    const own = { sequence: null, sender: "person", text: shown, buttons: [], sentAt: new Date() };
    this.#ledger.write({ ...own, payload: text, messageId: randomId(), state: "waiting" });
    this.#listener.changed([]);
    this.#sendNext();
  }

  /** Tells the staff, while one of them has the conversation, that the person writes or has stopped. */
  typing(on) {
    if (this.#ready && this.#ledger.hasAgent) this.#socket.volatile.emit("person_typing", { session_id: this.#session, on });
  }

  retry(message) {
    message.state = "waiting";
    this.#listener.changed([]);
    this.#sendNext();
  }

  /** A link to the file of a message, or null with a notice of what hinders it. */
  async fileLink({ sequence }) {
    try {
      const asked = { session_id: this.#session, sequence };
      const answer = await this.#socket.timeout(ACKNOWLEDGE_WITHIN_MS).emitWithAck("file_wanted", asked);
      if (answer.text) this.#listener.notice(answer.text);
      return answer.url ?? null;
    } catch {
      this.#listener.notice(fileTexts.later);
      return null;
    }
  }

  /** Leaves this conversation and begins another; what was not yet sent is dropped. */
  startAfresh() {
    storeSession(null);
    this.#ledger.clear();
    this.#change(null);
  }

  #follow(session) {
    if (session === this.#session) return;
    this.#ledger.forgetSettled();
    this.#change(session);
  }

  // A connection of its own per conversation: nothing of the old one can arrive late.
  #change(session) {
    this.#session = session;
    this.#listener.restarted();
    this.#listener.changed([]);
    this.#socket.disconnect();
    this.#socket.connect();
  }

  #listen() {
    const on = (event, handle) => this.#socket.on(event, handle);
    on("connect", () => this.#requestSession());
    on("disconnect", (reason) => this.#disconnected(reason));
    on("connect_error", () => this.#listener.state("reconnecting"));
    on("session_confirm", (session) => this.#confirmed(session));
    on("transcript", ({ messages }) => this.#receive(messages.map(fromTranscript)));
    on("bot_uttered", (event) => this.#receive([{ ...fromUtterance(event), live: true }]));
    on("bot_typing", ({ on: typing }) => this.#listener.typing(typing));
    on("agent_typing", ({ on: typing, name }) => this.#listener.typing(typing, name));
    on("notice", ({ text }) => this.#listener.notice(text));
  }

  #requestSession() {
    const after = this.#ledger.lastComplete;
    this.#socket.emit("session_request", { session_id: this.#session, after, opened: this.#opened });
  }

  #confirmed(session) {
    if (session !== this.#session) {
      this.#ledger.forgetSettled();
      this.#session = session;
      this.#listener.restarted();
      this.#listener.changed([]);
    }
    storeSession(session);
    this.#ready = true;
    this.#listener.state("online");
    this.#sendNext();
  }

  #disconnected(reason) {
    this.#ready = false;
    this.#listener.typing(false);
    this.#listener.state(reason === "io client disconnect" ? "connecting" : "reconnecting");
    // The library reconnects by itself unless the server closed the connection on purpose.
    if (reason === "io server disconnect") setTimeout(() => this.#socket.connect(), RETRY_AFTER_MS);
  }

  #receive(messages) {
    const arrived = messages.filter((message) => this.#ledger.receive(message));
    this.#listener.changed(arrived);
  }

  // One at a time, so that the server stores them in the order in which they were written.
  #sendNext() {
    const [message] = this.#ledger.waiting;
    if (!message || !this.#ready || this.#sending) return;
    this.#sending = true;
    const event = { message: message.payload, session_id: this.#session, message_id: message.messageId };
    this.#socket
      .timeout(ACKNOWLEDGE_WITHIN_MS)
      .emit("user_uttered", event, (failure, answer) => this.#acknowledged(message, failure, answer));
  }

  #acknowledged(message, failure, answer) {
    this.#sending = false;
    if (failure) {
      // Lost on the way, perhaps stored: the same id again is safe. Without a connection, later.
      setTimeout(() => this.#sendNext(), RETRY_AFTER_MS);
      return;
    }
    if (answer.error === SESSION_UNKNOWN) {
      this.#ready = false; // until another session is confirmed; then it is sent there
      this.#requestSession();
      return;
    }
    if (answer.error) this.#refused(message, answer.text);
    else this.#ledger.settle(message, answer.sequence);
    this.#listener.changed([]);
    this.#sendNext();
  }

  #refused(message, reason) {
    message.state = "refused";
    if (reason) this.#listener.notice(reason);
  }
}

function fromTranscript({ sequence, sender, text, buttons, message_id: messageId, sent_at: sentAt, signed_by: signedBy, file }) {
  return { sequence, sender, signedBy, text, file, buttons: buttons ?? [], messageId, sentAt: new Date(sentAt), state: "sent" };
}

function fromUtterance({ quick_replies: buttons, sender = "assistant", ...event }) {
  return fromTranscript({ ...event, sender, buttons });
}

// Not crypto.randomUUID: pages served over plain http on an office network do not have it.
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
