// Our sign-in page, opened by a link of this chat, asks which conversation it was opened from. The session id proves
// that the person who signs in sits at this very browser: a link that somebody forwards proves nothing.

import { storedSession } from "./session.js";

const QUESTION = "ventanilla:which-session";
const ANSWER = "ventanilla:session";
const HOME = new URL(import.meta.url).origin;

/** Answers our own pages, and only them. */
export function proveSession() {
  window.addEventListener("message", ({ data, origin, source }) => {
    if (origin !== HOME || data?.type !== QUESTION || !storedSession()) return;
    source.postMessage({ type: ANSWER, session: storedSession() }, HOME);
  });
}
