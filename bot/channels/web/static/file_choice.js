// How files come into a page: chosen, photographed with the phone, dropped, or pasted.

import { element } from "./dom.js";
import { uploadTexts as texts } from "./upload_texts.js";
import { ACCEPTED } from "./uploads.js";

/** {node, open()}: a hidden file field; `isCamera` opens the phone's camera at once. Calls `chosen(files)`. */
export function createFileField(chosen, { isCamera = false } = {}) {
  const options = isCamera ? { accept: "image/*", capture: "environment" } : { accept: ACCEPTED, multiple: "" };
  const label = isCamera ? texts.camera : texts.attach;
  const node = element("input", { type: "file", hidden: "", tabindex: "-1", "aria-label": label, ...options });
  node.addEventListener("change", () => {
    const files = [...node.files];
    node.value = ""; // so that the same file can be chosen again
    if (files.length) chosen(files);
  });
  return { node, open: () => node.click() };
}

/** Takes files that are dropped on `target`, which bears the class "dropping" while they hang over it. */
export function acceptDrops(target, chosen) {
  let depth = 0; // entering a child leaves its parent
  const hang = (change) => {
    depth = Math.max(0, depth + change);
    target.classList.toggle("dropping", depth > 0);
  };
  const on = (event, handle) =>
    target.addEventListener(event, (dragged) => {
      if (!dragged.dataTransfer?.types.includes("Files")) return;
      dragged.preventDefault();
      handle(dragged);
    });
  on("dragenter", () => hang(1));
  on("dragleave", () => hang(-1));
  on("dragover", ({ dataTransfer }) => (dataTransfer.dropEffect = "copy"));
  on("drop", ({ dataTransfer }) => {
    hang(-depth);
    chosen([...dataTransfer.files]);
  });
}

/** Takes files that are pasted into `field`, such as a screenshot. */
export function acceptPastes(field, chosen) {
  field.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    chosen(files);
  });
}

/** Whether a finger is what points here: then a phone's camera is at hand. */
export function hasCameraAtHand() {
  return matchMedia("(pointer: coarse)").matches;
}
