// What an agent has written and the server does not have yet. It is kept in this tab only, and is gone with it and with signing out.

const KEY = "ventanilla.desk.unsent";
const NOTHING = { text: "", isNote: false };

export class Unsent {
  #me;
  #cases; // case id → { draft, sending }

  /** `me`: the number of who is signed in; what somebody else left in this tab is thrown away. */
  constructor(me) {
    this.#me = me;
    this.#cases = keptOf(me);
    this.#keep();
  }

  /** { text, isNote } as it stands where the agent writes. */
  draft(caseId) {
    return this.#cases[caseId]?.draft ?? NOTHING;
  }

  keepDraft(caseId, draft) {
    this.#change(caseId, { draft });
  }

  /** What is on its way, the first comes first: { id, text, isNote }. */
  sending(caseId) {
    return this.#cases[caseId]?.sending ?? [];
  }

  /** The numbers of the cases with something on its way. */
  get cases() {
    return Object.keys(this.#cases).map(Number).filter((caseId) => this.sending(caseId).length);
  }

  /** The id makes a repeated sending harmless. */
  add(caseId, text, isNote) {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const entry = { id, text, isNote };
    this.#change(caseId, { sending: [...this.sending(caseId), entry] });
    return entry;
  }

  /** The server has it. */
  remove(caseId, id) {
    this.#change(caseId, { sending: this.sending(caseId).filter((entry) => entry.id !== id) });
  }

  /** The server does not take it: it stands where the agent writes again. What was meant as a note never becomes a message. */
  giveBack(caseId, { id, text, isNote }) {
    const draft = this.draft(caseId);
    this.remove(caseId, id);
    this.keepDraft(caseId, { text: [text, draft.text].filter(Boolean).join("\n"), isNote: isNote || (draft.text !== "" && draft.isNote) });
  }

  forget(caseId) {
    delete this.#cases[caseId];
    this.#keep();
  }

  forgetAll() {
    this.#cases = {};
    this.#keep();
  }

  #change(caseId, what) {
    const now = { draft: this.draft(caseId), sending: this.sending(caseId), ...what };
    this.#cases[caseId] = now;
    if (!now.draft.text && !now.draft.isNote && !now.sending.length) delete this.#cases[caseId];
    this.#keep();
  }

  #keep() {
    try {
      if (Object.keys(this.#cases).length) sessionStorage.setItem(KEY, JSON.stringify({ me: this.#me, cases: this.#cases }));
      else sessionStorage.removeItem(KEY);
    } catch {
      // Storage is refused or full: it lasts as long as the page.
    }
  }
}

function keptOf(me) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    return kept?.me === me ? kept.cases : {};
  } catch {
    return {};
  }
}
