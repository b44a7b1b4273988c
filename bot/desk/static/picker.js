// A list to choose a text from: canned replies with a search, or the assistant's suggestions.

import { element } from "/static/dom.js";
import { texts } from "./texts.js";

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** A box with a search field over `replies` ({title, text, shortcut?}); `choose(reply)`, `leave()`. */
export function createPicker(label, replies, { choose, leave }) {
  let shown = replies;
  let at = 0;
  const field = element("input", { class: "find", type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "replies", "aria-autocomplete": "list", "aria-label": texts.findReply, placeholder: texts.findReply, autocomplete: "off" });
  const list = element("ul", { class: "picker", id: "replies", role: "listbox", "aria-label": label });
  const empty = element("p", { class: "empty", role: "status", hidden: "" }, texts.nothingFound);

  function draw() {
    at = Math.min(Math.max(at, 0), Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map(row));
    list.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
    field.setAttribute("aria-activedescendant", shown.length ? `reply-${at}` : "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function row(reply, index) {
    const name = reply.shortcut ? `${reply.title} (/${reply.shortcut})` : reply.title;
    const option = element("li", { role: "option", id: `reply-${index}`, "aria-selected": String(index === at) }, element("span", { class: "name" }, name), element("br"), element("span", { class: "text" }, reply.text));
    option.addEventListener("click", () => choose(reply));
    return option;
  }

  field.addEventListener("input", () => {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    shown = replies.filter((reply) => words.every((word) => plain(`${reply.title} ${reply.text} ${reply.shortcut ?? ""}`).includes(word)));
    at = 0;
    draw();
  });
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at += step;
    else if (event.key === "Enter" && shown[at]) choose(shown[at]);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    draw();
  });
  draw();
  return { node: element("div", {}, field, list, empty), focus: () => field.focus() };
}
