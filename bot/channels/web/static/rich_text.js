// The Markdown subset of the answers (paragraphs, line breaks, **bold**, lists, links) as nodes.
// What is not in the subset is shown as it was written.

import { element } from "./dom.js";
import { texts } from "./texts.js";

const BULLET = /^\s*[-*] +(.*)$/;
const NUMBER = /^\s*(\d+)[.)] +(.*)$/;
const INLINE = /\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/gs;
const SCHEMES = ["https:", "mailto:", "tel:"];
const HOME = new URL(import.meta.url).origin;

/** A fragment with `text` laid out. */
export function richText(text) {
  const fragment = document.createDocumentFragment();
  for (const block of blocks(text)) fragment.append(renderBlock(block));
  return fragment;
}

// Consecutive lines of one kind are one block; a blank line ends it.
function blocks(text) {
  const found = [];
  let current = null;
  for (const line of text.split(/\r?\n/)) {
    const { kind, content, start } = classify(line);
    if (kind === "blank") current = null;
    else if (current?.kind === kind) current.lines.push(content);
    else found.push((current = { kind, start, lines: [content] }));
  }
  return found;
}

function classify(line) {
  if (!line.trim()) return { kind: "blank" };
  const bullet = BULLET.exec(line);
  if (bullet) return { kind: "ul", content: bullet[1] };
  const number = NUMBER.exec(line);
  if (number) return { kind: "ol", start: number[1], content: number[2] };
  return { kind: "p", content: line };
}

function renderBlock({ kind, start, lines }) {
  if (kind === "p") return element("p", {}, ...withBreaks(lines));
  const attributes = start && start !== "1" ? { start } : {}; // the next page of a list goes on counting
  return element(kind, attributes, ...lines.map((line) => element("li", {}, ...inline(line))));
}

function withBreaks(lines) {
  return lines.flatMap((line, index) => (index ? [element("br"), ...inline(line)] : inline(line)));
}

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index), renderMatch(match));
    end = match.index + match[0].length;
  }
  return [...nodes, text.slice(end)].filter(Boolean);
}

function renderMatch([written, bold, label, address]) {
  if (bold !== undefined) return element("strong", {}, ...inline(bold));
  return link(label, address) ?? written;
}

function link(label, address) {
  const url = read(address);
  const isOurs = url?.origin === HOME;
  if (!isOurs && !SCHEMES.includes(url?.protocol)) return null;
  if (url.origin === "null") return element("a", { href: address, rel: "noopener" }, label);
  const warning = element("span", { class: "unseen" }, texts.opensElsewhere);
  // Our own pages may ask this one which conversation it shows (session_proof.js); nobody else learns who opened them.
  const rel = isOurs ? "opener" : "noopener noreferrer";
  return element("a", { href: address, rel, target: "_blank" }, label, warning);
}

function read(address) {
  try {
    return new URL(address);
  } catch {
    return null; // relative, or not an address at all
  }
}
