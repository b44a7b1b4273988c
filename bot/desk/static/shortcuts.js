// The keys of the desk: Alt and a letter, anywhere on the page; "?" outside of fields.

const WRITES = "input, textarea, select";

/** `actions` maps "n" to what Alt+N does, "?" to what that key does. */
export function listenForKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const isPlain = event.key === "?" && !event.target.closest(WRITES);
    const key = isPlain ? "?" : event.altKey && !event.ctrlKey && !event.metaKey ? event.code.replace(/^(Key|Digit)/, "").toLowerCase() : "";
    const act = /^[1-9]$/.test(key) ? actions.number && (() => actions.number(Number(key))) : actions[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
