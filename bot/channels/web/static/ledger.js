// The messages of one conversation: each once, in order, whichever way and how often it arrives.

/** A message: {sequence: integer or null until stored, sender, text, buttons, messageId, sentAt: Date, state}
 *  with state "sent", "waiting" (not yet acknowledged) or "refused". */
export class Ledger {
  #settled = new Map(); // sequence → message
  #unsettled = []; // written here and not yet stored, in the order they were written

  /** In reading order: what is stored by sequence, then what waits. */
  get messages() {
    const settled = [...this.#settled.values()].sort((one, other) => one.sequence - other.sequence);
    return [...settled, ...this.#unsettled];
  }

  /** The last sequence before the first gap: asking for what follows it misses nothing. */
  get lastComplete() {
    let last = 0;
    while (this.#settled.has(last + 1)) last += 1;
    return last;
  }

  /** What has still to be sent, oldest first. */
  get waiting() {
    return this.#unsettled.filter((message) => message.state === "waiting");
  }

  /** Whether somebody of the staff has written here. */
  get hasAgent() {
    return [...this.#settled.values()].some(({ sender }) => sender === "agent");
  }

  write(message) {
    this.#unsettled.push(message);
  }

  /** The server has stored `message` as `sequence`. */
  settle(message, sequence) {
    this.#unsettled = this.#unsettled.filter((other) => other !== message);
    if (this.#settled.has(sequence)) return;
    Object.assign(message, { sequence, state: "sent" });
    this.#settled.set(sequence, message);
  }

  /** Takes in a message from the server; true if it was not known. */
  receive(message) {
    if (this.#settled.has(message.sequence)) return false;
    const own = message.messageId && this.#unsettled.find((other) => other.messageId === message.messageId);
    if (own) this.settle(own, message.sequence);
    else this.#settled.set(message.sequence, message);
    return !own;
  }

  /** Forgets what was stored in another conversation and keeps what waits to be sent. */
  forgetSettled() {
    this.#settled.clear();
  }

  clear() {
    this.#settled.clear();
    this.#unsettled = [];
  }
}
