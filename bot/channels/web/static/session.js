// The only thing kept in the browser: the opaque session id the server issued. Never a text.

const KEY = "ventanilla.session";
let remembered = null; // for browsers that refuse storage to embedded pages

/** The id of this browser's conversation, or null. */
export function storedSession() {
  try {
    return localStorage.getItem(KEY) ?? remembered;
  } catch {
    return remembered;
  }
}

export function storeSession(id) {
  remembered = id;
  try {
    if (id === null) localStorage.removeItem(KEY);
    else if (localStorage.getItem(KEY) !== id) localStorage.setItem(KEY, id);
  } catch {
    // Storage is refused: the conversation lasts as long as the page.
  }
}

/** Calls back when another tab has moved to another conversation. Reads the storage and not
 *  the event: of two tabs that start at once, both then settle on the id written last. */
export function onSessionChangedElsewhere(callback) {
  window.addEventListener("storage", (event) => {
    if (event.key === KEY && storedSession()) callback(storedSession());
  });
}
