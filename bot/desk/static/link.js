// The connection to the server: questions with answers, asked again until they are answered.

import { io } from "/static/vendor/socket.io.esm.min.js";

const ANSWER_WITHIN_MS = 8_000;
const RETRY_AFTER_MS = 800;

/** `on(event, handle)`; `ask(event, data)` gives the answer or throws its error code as `Refused`. */
export class Link {
  #socket;

  constructor(listener) {
    this.#socket = io("/desk", { transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelayMax: 4_000 });
    this.#socket.on("connect", () => listener.state("online"));
    this.#socket.on("disconnect", (why) => {
      listener.state("lost");
      if (why === "io server disconnect") this.#socket.connect(); // the answer says whether the session is over
    });
    this.#socket.on("connect_error", () => listener.state(this.#socket.active ? "lost" : "signedOut"));
  }

  on(event, handle) {
    this.#socket.on(event, handle);
  }

  /** Safe to repeat: what changes something names the state it starts from, or carries an id of its own. */
  async ask(event, data = {}) {
    for (;;) {
      try {
        const answer = await this.#socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, data);
        if (answer?.error) throw new Refused(answer.error);
        return answer;
      } catch (failure) {
        if (failure instanceof Refused) throw failure;
        await new Promise((resume) => setTimeout(resume, RETRY_AFTER_MS));
      }
    }
  }

  tell(event, data) {
    if (this.#socket.connected) this.#socket.volatile.emit(event, data);
  }
}

/** The server's refusal; `code` names the text. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}
