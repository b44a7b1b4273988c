// "Start a new conversation" throws something away, so it is asked first.

import { element } from "./dom.js";
import { texts } from "./texts.js";

/** {node, shown, show(), hide()}; calls `confirm()` when the person agrees and `closed()` in either case. */
export function createRestartQuestion({ confirm, closed }) {
  const yes = element("button", { type: "button", class: "primary" }, texts.restartConfirm);
  const no = element("button", { type: "button", class: "secondary" }, texts.restartCancel);
  const node = build(yes, no);
  const hide = () => {
    if (node.hidden) return;
    node.hidden = true;
    closed();
  };
  const show = () => {
    node.hidden = false;
    no.focus();
  };
  no.addEventListener("click", hide);
  yes.addEventListener("click", () => {
    hide();
    confirm();
  });
  return { node, show, hide, get shown() { return !node.hidden; } };
}

function build(yes, no) {
  const question = element("h3", { id: "question" }, texts.restartQuestion);
  const explanation = element("p", { id: "explanation" }, texts.restartExplanation);
  const card = element("div", { class: "card" }, question, explanation, yes, no);
  const role = { role: "alertdialog", "aria-modal": "true" };
  const names = { "aria-labelledby": "question", "aria-describedby": "explanation" };
  return element("div", { class: "question", hidden: "", ...role, ...names }, card);
}
