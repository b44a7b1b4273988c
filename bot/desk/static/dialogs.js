// The dialogs: ending, passing on, the state of a procedure, what is due, and the keys.

import { element } from "/static/dom.js";
import { texts } from "./texts.js";
import { day } from "./time.js";

/** Shows a modal form; gives its fields when it is sent, null when it is left. */
function ask(title, fields, confirm) {
  const cancel = element("button", { type: "button" }, texts.cancel);
  const send = element("button", { type: "submit", class: "primary" }, confirm);
  const form = element("form", { method: "dialog" }, ...fields, element("div", { class: "buttons" }, cancel, send));
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, element("h2", { id: "dialog-title" }, title), form);
  document.body.append(dialog);
  return new Promise((settle) => {
    cancel.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", () => (dialog.returnValue = "sent"));
    dialog.addEventListener("close", () => {
      settle(dialog.returnValue === "sent" ? Object.fromEntries(new FormData(form)) : null);
      dialog.remove();
    });
    dialog.showModal();
  });
}

function tell(title, content) {
  const shut = element("button", { type: "button" }, texts.shut);
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, element("h2", { id: "dialog-title" }, title), content, element("p", { class: "buttons" }, shut));
  document.body.append(dialog);
  shut.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

function select(label, name, options) {
  const shown = options.map(([value, text]) => element("option", { value }, text));
  return element("label", {}, label, element("select", { name }, ...shown));
}

function area(label, name) {
  return element("label", {}, label, element("textarea", { name, rows: "3", maxlength: "300" }));
}

export const askOutcome = (words) =>
  ask(texts.closeTitle, [select(texts.outcome, "outcome", Object.entries(words.outcomes)), area(texts.outcomeNote, "note")], texts.confirmClose);

/** {staff_id} or {team}. */
export async function askReceiver({ people, teams }, me) {
  const others = people.filter(({ id }) => id !== me).map(({ id, name, team }) => [`p${id}`, team ? `${name} (${team})` : name]);
  const queues = [["t", texts.everybody], ...teams.map((name) => [`t${name}`, name])];
  const group = (label, options) => element("optgroup", { label }, ...options.map(([value, text]) => element("option", { value }, text)));
  const chooser = element("select", { name: "to" }, group(texts.toColleague, others), group(texts.toTeam, queues));
  const said = await ask(texts.passTitle, [element("label", {}, texts.passTitle, chooser)], texts.confirmPass);
  if (!said?.to) return null;
  return said.to.startsWith("p") ? { staff_id: Number(said.to.slice(1)) } : { team: said.to.slice(1) };
}

export const askState = (words, present) =>
  ask(
    texts.stateTitle,
    [select(texts.newState, "state", Object.entries(words.procedure_states).filter(([code]) => code !== present && code !== "opened")), area(texts.stateNote, "note")],
    texts.confirmState,
  );

export function showKeys() {
  const rows = texts.keys.map(([keys, does]) => element("tr", {}, element("td", {}, element("kbd", {}, keys)), element("td", {}, does)));
  tell(texts.helpTitle, element("table", {}, element("tbody", {}, ...rows)));
}

export function showDue(procedures) {
  const rows = procedures.map((each) =>
    element(
      "tr",
      { class: each.is_late ? "late" : "" },
      element("td", {}, each.is_late ? texts.overdue(day(each.deadline_on)) : day(each.deadline_on)),
      element("td", {}, element("a", { href: `/desk/gestion/${each.id}`, target: "_blank", rel: "noopener" }, each.key)),
      element("td", {}, each.kind),
      element("td", {}, each.state_name),
    ),
  );
  tell(texts.dueTitle, rows.length ? element("table", {}, element("tbody", {}, ...rows)) : element("p", {}, texts.dueNothing));
}
