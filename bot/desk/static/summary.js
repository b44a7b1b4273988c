// The summary on the right: who, how proved, for whom, what is under way, and why a person is needed.

import { element } from "/static/dom.js";
import { downloadLabel } from "/static/file_card.js";
import { fileAddress } from "./file_address.js";
import { texts } from "./texts.js";
import { day, moment } from "./time.js";

/** Draws what `look` gave into `place`; `actions` has reveal() and change(procedure). */
export function showSummary(place, { case: about, is_mine: isMine, summary, earlier, revealed }, actions) {
  place.replaceChildren(
    who(about, summary, revealed, actions),
    why(about, summary),
    ...underway(summary),
    ...procedures(summary, actions),
    ...documents(summary, isMine ? about.id : null),
    ...before(earlier),
  );
}

function section(title, ...content) {
  return element("section", {}, element("h2", {}, title), ...content.filter(Boolean));
}

function pairs(rows) {
  const shown = rows.filter(([, value]) => value);
  return element("dl", {}, ...shown.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function who(about, summary, revealed, actions) {
  const verified = summary.verified_at
    ? element("p", { class: "good" }, texts.verified(moment(summary.verified_at)))
    : element("p", {}, texts.notVerified);
  const button = element("button", { type: "button" }, texts.reveal);
  button.addEventListener("click", () => actions.reveal());
  return section(
    texts.summary,
    verified,
    pairs([
      [texts.person, summary.person],
      [texts.identifier, revealed?.identifier ?? summary.identifier],
      [texts.email, revealed?.email ?? summary.email],
      [texts.phone, revealed?.phone ?? about.phone],
      [texts.agency, summary.agency],
      [texts.clients, summary.clients.join(", ")],
    ]),
    revealed ? element("p", { role: "status" }, texts.revealNote) : button,
  );
}

function why(about, summary) {
  const said = summary.misunderstood.map((text) => element("li", { class: "quote" }, `«${text}»`));
  return section(
    texts.why,
    pairs([
      [texts.reason, about.reason],
      [texts.choice, about.choice_name],
      [texts.since, moment(about.opened_at)],
      [texts.key, about.key],
      [texts.deadline, element("span", { class: about.is_late ? "shout" : "" }, about.is_late ? texts.overdue(day(about.deadline_on)) : day(about.deadline_on))],
    ]),
    said.length ? element("h3", { class: "unseen" }, texts.misunderstood) : null,
    said.length ? element("ul", { "aria-label": texts.misunderstood }, ...said) : null,
  );
}

function underway({ form, collected }) {
  if (!form && !collected.length) return [];
  return [section(texts.underway, form ? element("p", {}, form) : null, pairs(collected.map(({ name, value }) => [name, value])))];
}

function procedures({ procedures: found }, actions) {
  if (!found.length) return [];
  const rows = found.map((each) => {
    const button = element("button", { type: "button", "aria-label": `${texts.change} ${each.key}` }, texts.change);
    button.addEventListener("click", () => actions.change(each));
    const due = each.is_late ? texts.overdue(day(each.deadline_on)) : texts.due(day(each.deadline_on));
    return element("li", {}, element("a", { href: `/desk/gestion/${each.id}`, target: "_blank", rel: "noopener" }, each.key), ` ${each.kind} · ${each.state_name} · `, element("span", { class: each.is_late ? "shout" : "" }, due), element("br"), button);
  });
  return [section(texts.procedures, element("ul", {}, ...rows))];
}

function documents({ documents: found }, caseId) {
  if (!found.length) return [];
  const named = (file) => (caseId && file.reference ? element("a", { href: fileAddress(file, caseId), target: "_blank", rel: "noopener", "aria-label": downloadLabel(file) }, file.name) : file.name);
  return [section(texts.documents, element("ul", {}, ...found.map((file) => element("li", {}, named(file), ` · ${file.scan}`))))];
}

function before(earlier) {
  if (!earlier.length) return [];
  const rows = earlier.map((each) => element("li", {}, `${moment(each.opened_at)} · ${each.reason} · ${each.outcome ?? each.state_name}`));
  return [section(texts.earlier, element("ul", {}, ...rows))];
}
