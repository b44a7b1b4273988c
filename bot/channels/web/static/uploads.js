// The files that a person sends: one after the other, each with its state. After a reload the unfinished ones are known
// by name and place until the person chooses them again; what is in them is never kept in the browser.

import { TusUpload } from "./tus.js";

const KEY = "ventanilla.uploads";
const LARGEST_BYTES = 20 * 1024 * 1024;
const MOST_AT_ONCE = 20;
const ON_THE_WAY = ["waiting", "sending", "cut", "checking"];

/** Which files can be chosen; what they really are, the server finds out. */
export const ACCEPTED = "application/pdf,image/jpeg,image/png,image/heic,image/heif,.pdf,.jpg,.jpeg,.png,.heic,.heif";

/** An entry: {name, size, modified, state, sent, reason, target} with state "waiting", "sending", "cut" (waits for the
 *  connection), "checking", "done", "failed" or "interrupted" (by a reload: wants the file again). `sent` in bytes. */
export class Uploads {
  #changed;
  #endpoint;
  #entries = [];
  #memory;
  #proof;
  #working = false;

  /** `changed(entry)` is called for every change; `owner` keeps what different pages remember apart. */
  constructor({ endpoint, proof, owner, changed }) {
    this.#changed = changed;
    this.#endpoint = endpoint;
    this.#proof = proof;
    this.#memory = new Memory(owner);
    for (const kept of this.#memory.all()) this.#entries.push({ ...kept, state: "interrupted", sent: 0 });
  }

  get entries() {
    return this.#entries;
  }

  get isBusy() {
    return this.#entries.some(({ state }) => ON_THE_WAY.includes(state));
  }

  /** Sends `files`; `target`: {purpose, procedure} where it is known what they are for. */
  add(files, target = {}) {
    for (const file of [...files].slice(0, MOST_AT_ONCE)) this.#add(file, target);
    this.#work();
  }

  /** Stops a file, or takes away one that failed. */
  remove(entry) {
    if (ON_THE_WAY.includes(entry.state)) entry.upload.cancel();
    this.#forget(entry);
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#changed(entry);
  }

  removeAll() {
    for (const entry of [...this.#entries]) this.remove(entry);
  }

  #add(file, target) {
    const known = this.#entries.find((entry) => entry.state === "interrupted" && isSame(entry, file));
    const entry = known ?? { name: file.name, size: file.size, modified: file.lastModified, place: null, target };
    if (!known) this.#entries.push(entry);
    Object.assign(entry, { state: "waiting", sent: 0, reason: null });
    const refusal = file.size === 0 ? "empty" : file.size > LARGEST_BYTES ? "too_large" : null;
    if (refusal) return this.#change(entry, { state: "failed", reason: refusal });
    entry.upload = this.#upload(entry, file);
    this.#changed(entry);
  }

  #upload(entry, file) {
    const metadata = { purpose: "unsorted", ...entry.target };
    const listener = {
      placed: (place) => this.#remember(entry, place),
      progress: (sent) => this.#change(entry, { state: "sending", sent }),
      checking: () => this.#change(entry, { state: "checking" }),
      cut: () => this.#change(entry, { state: "cut" }),
      done: () => this.#end(entry, { state: "done", sent: entry.size }),
      failed: (reason) => this.#end(entry, { state: "failed", reason }),
    };
    const { place } = entry;
    return new TusUpload({ endpoint: this.#endpoint, file, metadata, proof: this.#proof, place, listener });
  }

  // All are announced before the first is sent: the assistant speaks when the last one is there.
  async #work() {
    if (this.#working) return;
    this.#working = true;
    try {
      for (let waiting = this.#waiting(); waiting.length; waiting = this.#waiting()) {
        for (const { upload } of waiting) await upload.announce();
        if (this.#entries.includes(waiting[0])) await waiting[0].upload.run();
      }
    } finally {
      this.#working = false;
    }
  }

  #waiting() {
    return this.#entries.filter(({ state }) => state === "waiting");
  }

  #remember(entry, place) {
    entry.place = place;
    if (this.#entries.includes(entry)) this.#memory.add(entry);
    else entry.upload.cancel(); // taken away while the server was told of it
  }

  #forget(entry) {
    if (entry.place) this.#memory.remove(entry.place);
  }

  #end(entry, what) {
    this.#forget(entry);
    this.#change(entry, what);
  }

  #change(entry, what) {
    Object.assign(entry, what);
    this.#changed(entry);
  }
}

function isSame(entry, file) {
  return entry.name === file.name && entry.size === file.size && entry.modified === file.lastModified;
}

// Of this tab only, and gone with it.
class Memory {
  #key;

  constructor(owner) {
    this.#key = `${KEY}.${owner}`;
  }

  all() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key)) ?? [];
    } catch {
      return []; // storage is refused: a reload begins anew
    }
  }

  add({ name, size, modified, place, target }) {
    this.#write([...this.all().filter((kept) => kept.place !== place), { name, size, modified, place, target }]);
  }

  remove(place) {
    this.#write(this.all().filter((kept) => kept.place !== place));
  }

  #write(kept) {
    try {
      if (kept.length) sessionStorage.setItem(this.#key, JSON.stringify(kept));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }
}
