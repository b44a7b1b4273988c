// One file on its way to the server: tus 1.0.0. What arrived before a cut stays there; after it only the rest is sent.
// XMLHttpRequest, because fetch does not tell how much of a body has gone.

const VERSION = "1.0.0";
const RETRY_AFTER_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];
const STALLED_AFTER_MS = 30_000;
const CHECKED_WITHIN_MS = 120_000; // the server looks at the whole file before it answers
const GONE = [404, 410];
const WORTH_ANOTHER_TRY = (status) => status === 0 || status === 409 || status === 423 || status >= 500;

/** Why a file is not taken; `reason` names a text. */
class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

class CutOff extends Error {}

/** Calls `listener.placed(address)` once the server knows the file, `.progress(bytes)`, `.checking()`, `.cut()` when it
 *  waits for a connection, and at the end `.done()` or `.failed(reason)`. */
export class TusUpload {
  #cancelled = false;
  #endpoint;
  #file;
  #listener;
  #metadata;
  #proof;
  #request = null;
  #tries = 0;
  #wakeUp = () => {};

  /** `proof()` gives the signed session id, or null while there is none; `place`: where an earlier try was cut off. */
  constructor({ endpoint, file, metadata, proof, place = null, listener }) {
    this.#endpoint = endpoint;
    this.#file = file;
    this.#listener = listener;
    this.#metadata = metadata;
    this.#proof = proof;
    this.place = place;
  }

  /** Tells the server that the file comes, so that it waits for several that come together; a failure shows in `run`. */
  async announce() {
    try {
      if (!this.place) await this.#create();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof CutOff)) throw error;
    }
  }

  /** Sends until it is there or refused, however often the connection is cut. */
  async run() {
    while (!this.#cancelled) {
      try {
        if (!this.place) await this.#create();
        await this.#sendFrom(await this.#offset());
        this.#listener.done();
        return;
      } catch (error) {
        if (this.#cancelled) return;
        if (error instanceof Refused) return this.#listener.failed(error.reason);
        if (!(error instanceof CutOff)) throw error;
        this.#listener.cut();
        await this.#pause();
      }
    }
  }

  /** The person does not want it sent any more. */
  cancel() {
    this.#cancelled = true;
    this.#request?.abort();
    this.#wakeUp();
    if (this.place) this.#ask("DELETE", this.place).catch(() => {}); // unfinished files go by themselves after a day
  }

  async #create() {
    const pairs = { filename: this.#file.name, ...this.#metadata };
    const metadata = Object.entries(pairs).map(([name, value]) => `${name} ${base64(value)}`);
    const headers = { "Upload-Length": String(this.#file.size), "Upload-Metadata": metadata.join(",") };
    const answer = await this.#ask("POST", this.#endpoint, { headers });
    const name = answer.getResponseHeader("Location").split("/").at(-1);
    this.place = new URL(name, this.#endpoint).href;
    this.#listener.placed(this.place);
  }

  async #offset() {
    const answer = await this.#ask("HEAD", this.place, { mayBeGone: true });
    if (answer === null) {
      this.place = null; // kept for a day only: it begins anew
      throw new CutOff();
    }
    return Number(answer.getResponseHeader("Upload-Offset"));
  }

  async #sendFrom(offset) {
    this.#listener.progress(offset);
    if (offset === this.#file.size) return;
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const sent = (bytes) => this.#progress(offset + bytes);
    await this.#ask("PATCH", this.place, { headers, body: this.#file.slice(offset), sent });
  }

  #progress(bytes) {
    this.#tries = 0;
    this.#listener.progress(bytes);
    if (bytes === this.#file.size) this.#listener.checking();
  }

  #ask(method, address, { headers = {}, body = null, sent = null, mayBeGone = false } = {}) {
    const proof = this.#proof();
    if (!proof) return Promise.reject(new CutOff());
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const watch = new Watch(request);
      request.open(method, address);
      const always = { "Tus-Resumable": VERSION, "X-Conversation": proof };
      for (const [name, value] of Object.entries({ ...always, ...headers })) request.setRequestHeader(name, value);
      if (sent) request.upload.onprogress = ({ loaded, total }) => watch.moved(loaded === total) || sent(loaded);
      request.onloadend = () => {
        watch.end();
        const { status } = request;
        if (status >= 200 && status < 300) resolve(request);
        else if (mayBeGone && GONE.includes(status)) resolve(null);
        else reject(WORTH_ANOTHER_TRY(status) ? new CutOff() : new Refused(reasonOf(request)));
      };
      if (method !== "DELETE") this.#request = request;
      request.send(body);
    });
  }

  async #pause() {
    const wait = RETRY_AFTER_MS[Math.min(this.#tries, RETRY_AFTER_MS.length - 1)];
    this.#tries += 1;
    await new Promise((resolve) => {
      this.#wakeUp = resolve;
      setTimeout(resolve, wait);
      window.addEventListener("online", resolve, { once: true });
    });
  }
}

// Ends a request that does not move: a phone that changed its network waits for minutes otherwise.
class Watch {
  #request;
  #timer;

  constructor(request) {
    this.#request = request;
    this.moved(false);
  }

  moved(isWhole) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#request.abort(), isWhole ? CHECKED_WITHIN_MS : STALLED_AFTER_MS);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

function reasonOf(request) {
  return request.getResponseHeader("Upload-Reason") ?? "unknown";
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
