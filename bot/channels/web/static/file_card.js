// A file that came in the conversation, as both sides see it: its name, what it is, and the way to download it.

import { element, icon } from "./dom.js";
import { fileTexts } from "./file_texts.js";

const BYTES_OF_A_KILOBYTE = 1_000;
const SIZE = new Intl.NumberFormat("es-ES", { maximumFractionDigits: 1 });

/** `file`: {name, media_type, size}; `about`: more that is known of it; `way`: a button or a link, null without one. */
export function fileCard({ name, media_type: mediaType, size }, way, ...about) {
  const facts = [fileTexts.kinds[mediaType] ?? fileTexts.kind, sizeInWords(size), ...about].filter(Boolean).join(" · ");
  const words = element("span", { class: "card-words" }, element("strong", { class: "card-name" }, name), element("span", { class: "card-facts" }, facts));
  return element("span", { class: "file-card" }, icon("file"), words, ...(way ? [way] : []));
}

/** The accessible name of the way: which of several files it is for. */
export function downloadLabel({ name }) {
  return fileTexts.downloadOf(name);
}

function sizeInWords(bytes) {
  if (bytes < BYTES_OF_A_KILOBYTE) return `${bytes} B`;
  if (bytes < BYTES_OF_A_KILOBYTE ** 2) return `${Math.round(bytes / BYTES_OF_A_KILOBYTE)} kB`;
  return `${SIZE.format(bytes / BYTES_OF_A_KILOBYTE ** 2)} MB`;
}
