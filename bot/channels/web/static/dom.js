// Elements are always built as nodes, never from a string of HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  window: ["M4 18.5v-5a8 8 0 0 1 16 0v5", "M2 18.5h20", "M8.5 13.5h.01", "M12 13.5h.01", "M15.5 13.5h.01"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  restart: ["M20 12a8 8 0 1 1-2.6-5.9", "M20 3v4.5h-4.5"],
  send: ["M12 19V5", "M6 11l6-6 6 6"],
  clip: ["M20 11.5l-8.2 8.2a5.2 5.2 0 0 1-7.4-7.4l8.6-8.6a3.5 3.5 0 0 1 4.9 4.9l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8"],
  camera: ["M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4z", "M12 16.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6z"],
  file: ["M6 3h8l4 4v14H6z", "M14 3v4h4"],
  down: ["M12 5v14", "M6 13l6 6 6-6"],
};

/** An element with its attributes and its children (nodes or strings). */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A line drawing of 24 by 24 units in the colour of the text around it; silent for screen readers. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  for (const line of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    drawing.append(path);
  }
  return drawing;
}

/** A button that shows only a drawing: the label is read aloud and shown as a tooltip. */
export function iconButton(name, label, className) {
  return element("button", { type: "button", class: className, "aria-label": label, title: label }, icon(name));
}

/** A stylesheet for a shadow root: needs no <style> element, so it passes a strict policy. */
export function sheet(css) {
  const styles = new CSSStyleSheet();
  styles.replaceSync(css);
  return styles;
}
