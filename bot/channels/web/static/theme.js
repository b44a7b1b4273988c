// One colour of the embedding company: everything else follows from it, always legible.

const HEX = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

/** Colours `host` with "#rrggbb"; anything else is ignored and the widget keeps its own colour. */
export function applyColor(host, color) {
  const channels = HEX.exec(color)?.slice(1).map((pair) => parseInt(pair, 16));
  if (!channels) return;
  host.style.setProperty("--brand", color);
  host.style.setProperty("--on-brand", luminance(channels) > 0.179 ? "#000000" : "#ffffff");
}

// WCAG 2 relative luminance; at 0.179 black and white contrast equally well (4.58 to 1).
function luminance(channels) {
  const [red, green, blue] = channels.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
