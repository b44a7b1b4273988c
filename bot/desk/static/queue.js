// The lists on the left: one's own conversations, and the queue with its filters, one page at a time.

import { element } from "/static/dom.js";
import { texts } from "./texts.js";
import { day, isLong, waited } from "./time.js";

const ROWS_OF_A_PAGE = 50;
const REFRESH_TIMES_MS = 15_000;
const find = (id) => document.getElementById(id);

export class Lists {
  #chosen = null;
  #mine = [];
  #page = 0;
  #rows = [];
  #ask;
  #open;

  /** `ask(event, data)` of the link; `open(caseId)` shows a conversation. */
  constructor(words, ask, open) {
    this.#ask = ask;
    this.#open = open;
    fill(find("filters").elements.choice, words.choices);
    fill(find("filters").elements.reason, words.reasons);
    fill(find("filters").elements.channel, words.channels);
    find("filters").addEventListener("input", () => this.#filter());
    find("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#filter();
    });
    find("previous-page").addEventListener("click", () => this.#turn(-1));
    find("next-page").addEventListener("click", () => this.#turn(1));
    setInterval(() => this.#draw(), REFRESH_TIMES_MS);
  }

  get mine() {
    return this.#mine;
  }

  /** The first of the queue as it is shown. */
  get first() {
    return this.#rows.find((row) => row.state === "waiting");
  }

  offerTeams(teams) {
    const { team } = find("filters").elements;
    const chosen = team.value;
    team.replaceChildren(team.options[0], ...teams.map((name) => element("option", { value: name }, name)));
    team.value = chosen;
  }

  choose(caseId) {
    this.#chosen = caseId;
    this.#draw();
  }

  async refresh() {
    const found = await this.#ask("queue", this.#wanted());
    this.#rows = found.rows;
    this.#showCounts(found);
    this.#showPager(found);
    this.#draw();
    return found;
  }

  showMine(cases) {
    this.#mine = cases;
    this.#draw();
  }

  focusQueue() {
    document.querySelector("#queue button")?.focus();
  }

  #wanted() {
    const form = new FormData(find("filters"));
    return { ...Object.fromEntries(form), late: form.has("late"), page: this.#page };
  }

  #filter() {
    this.#page = 0;
    this.refresh();
  }

  #turn(step) {
    this.#page = Math.max(0, this.#page + step);
    this.refresh();
  }

  #showCounts({ waiting, late }) {
    const told = [element("strong", {}, texts.waiting(waiting))];
    if (late) told.push(" ", element("span", { class: "late" }, texts.late(late)));
    if (find("counts").textContent !== told.map((node) => node.textContent ?? node).join("")) find("counts").replaceChildren(...told);
  }

  #showPager({ fitting }) {
    const from = this.#page * ROWS_OF_A_PAGE;
    find("pager").hidden = fitting <= ROWS_OF_A_PAGE;
    find("page").textContent = texts.pageOf(from + 1, Math.min(from + ROWS_OF_A_PAGE, fitting), fitting);
    find("previous-page").disabled = this.#page === 0;
    find("next-page").disabled = from + ROWS_OF_A_PAGE >= fitting;
  }

  // The focus stays on the same case when the list is drawn anew.
  #draw() {
    const focused = document.activeElement?.closest?.(".cases li")?.dataset.case;
    const list = document.activeElement?.closest?.(".cases")?.id;
    find("mine").replaceChildren(...this.#mine.map((row, index) => this.#row(row, index)));
    find("queue").replaceChildren(...this.#rows.map((row) => this.#row(row)));
    find("mine-empty").hidden = this.#mine.length > 0;
    find("queue-empty").hidden = this.#rows.length > 0;
    if (focused) document.querySelector(`#${list} li[data-case="${focused}"] button`)?.focus();
  }

  #row(row, index) {
    const since = row.state === "waiting" ? row.opened_at : row.last_person_at;
    const time = element("span", { class: row.state === "waiting" && isLong(since) ? "time long" : "time" }, waited(since));
    const unread = row.unread ? element("span", { class: "badge" }, String(row.unread), element("span", { class: "unseen" }, ` ${texts.unread(row.unread)}`)) : element("span");
    const who = `${index === undefined ? "" : `${index + 1}. `}${row.person ?? row.agency ?? texts.unknown}`;
    const button = element(
      "button",
      { type: "button", "aria-current": String(row.id === this.#chosen) },
      element("span", { class: "who" }, who),
      time,
      element("span", { class: "why" }, [row.reason, row.channel, row.agent].filter(Boolean).join(" · ")),
      unread,
      element("span", { class: "why" }, row.choice_name),
      element("span", { class: row.is_late ? "shout" : "why" }, row.is_late ? texts.overdue(day(row.deadline_on)) : texts.due(day(row.deadline_on))),
    );
    button.addEventListener("click", () => this.#open(row.id));
    return element("li", { "data-case": row.id }, button);
  }
}

function fill(select, names) {
  for (const [code, name] of Object.entries(names)) select.append(element("option", { value: code }, name));
}
