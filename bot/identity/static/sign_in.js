// Shows the server that the chat which asked for this link is open in this very browser: either on our own pages, whose
// storage this page shares, or in the window that opened this one. Nobody else's word counts. The form's button works from
// then on: who is quicker than this script would be taken for somebody in another browser.

const KEY = "ventanilla.session";
const QUESTION = "ventanilla:which-session";
const ANSWER = "ventanilla:session";
const ANSWER_WITHIN_MS = 2000;

const form = document.querySelector("form[data-needs-proof]");
if (form) offerProof(form, new Set([location.origin, ...form.dataset.embedOrigins.split(" ").filter(Boolean)]));

function offerProof(form, trusted) {
  const known = new Set();
  const open = () => (form.querySelector("[type=submit]").disabled = false);
  const offer = (session) => {
    if (typeof session !== "string" || !session || session.length > 200) return;
    known.add(session);
    form.elements.proof.value = [...known].join(" ");
    document.getElementById("no-proof").hidden = true;
  };
  offer(storedSession());
  window.addEventListener("message", ({ data, origin, source }) => {
    if (source && source === window.opener && trusted.has(origin) && data?.type === ANSWER) {
      offer(data.session);
      open();
    }
  });
  window.opener?.postMessage({ type: QUESTION }, "*"); // it tells nothing: any window may know that this page asks
  setTimeout(() => {
    document.getElementById("no-proof").hidden = known.size > 0;
    open();
  }, window.opener ? ANSWER_WITHIN_MS : 0);
}

function storedSession() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is refused: the window that opened us may still know
  }
}
