// The page of a procedure: a way to send files for each of its papers. When all have come, the page shows it at once.

import { element, icon } from "/static/dom.js";
import { acceptDrops, createFileField, hasCameraAtHand } from "/static/file_choice.js";
import { createTray } from "/static/tray.js";
import { uploadTexts as texts } from "/static/upload_texts.js";
import { Uploads } from "/static/uploads.js";

const RENEWED = ["#gestion", "#papeles", "#pasos"];
const places = new Map(); // code of a paper → {tray, choose}
const papers = document.querySelector("#papeles");
let hasNews = false;

const uploads =
  papers &&
  new Uploads({
    endpoint: new URL("/subidas/", location.href).href,
    proof: () => document.querySelector("#papeles").dataset.proof,
    owner: papers.dataset.procedure,
    changed,
  });
if (uploads) setUp();

function setUp() {
  places.clear();
  document.querySelector("#sin-javascript")?.remove();
  document.querySelectorAll("[data-paper]").forEach(offer);
  uploads.entries.forEach((entry) => placeOf(entry)?.tray.show(entry));
}

function offer(box) {
  const target = { purpose: box.dataset.paper, procedure: papers.dataset.procedure };
  const send = (files) => uploads.add(files, target);
  const choice = createFileField(send);
  const tray = createTray({ uploads: () => uploads, announce, chooseAgain: choice.open });
  const buttons = [button("clip", texts.attach, box.dataset.title, choice.open), choice.node];
  if (hasCameraAtHand()) {
    const photograph = createFileField(send, { isCamera: true });
    buttons.push(button("camera", texts.camera, box.dataset.title, photograph.open), photograph.node);
  }
  box.prepend(...buttons);
  box.append(tray.node);
  box.hidden = false;
  acceptDrops(box, send);
  places.set(target.purpose, { tray });
}

function button(drawing, label, title, act) {
  const about = element("span", { class: "unseen" }, `: ${title}`);
  const made = element("button", { type: "button", class: "secondary" }, icon(drawing), label, about);
  made.addEventListener("click", act);
  return made;
}

function placeOf(entry) {
  return places.get(entry.target.purpose);
}

function changed(entry) {
  placeOf(entry)?.tray.show(entry);
  hasNews ||= entry.state === "done";
  if (hasNews && !uploads.isBusy) renew();
}

// The page as it is now, put in place of what it was: a reload would forget what is wrong with other files.
async function renew() {
  hasNews = false;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.closest("[data-paper]")?.dataset.paper;
  for (const part of RENEWED) {
    const found = now.querySelector(part);
    if (found) document.querySelector(part)?.replaceWith(document.adoptNode(found));
  }
  setUp();
  if (focused) document.querySelector(`[data-paper="${focused}"] button`)?.focus();
}

function announce(text) {
  document.querySelector("#aviso").textContent = text;
}
