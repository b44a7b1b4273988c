// Colours of the whole widget and the look of the launcher.

import { sheet } from "./dom.js";

export const launcherSheet = sheet(`
:host {
  all: initial;
  color-scheme: light dark;
  --accent: var(--brand, #0b5563);
  --on-accent: var(--on-brand, #fff);
  --surface: #fff;
  --paper: #f3f1ea;
  --ink: #14252a;
  --ink-soft: #4a5c62;
  --line: #dfdcd2;
  --edge: #6f8085;
  --attention: #fdf0d3;
  --on-attention: #5c3b00;
  --shadow: 0 1px 2px rgb(10 30 36 / 12%), 0 12px 40px rgb(10 30 36 / 22%);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink);
  -webkit-text-size-adjust: 100%;
}
@media (prefers-color-scheme: dark) {
  :host {
    --accent: var(--brand, #1b6471);
    --surface: #12191c;
    --paper: #1f2a2e;
    --ink: #e8eeed;
    --ink-soft: #a8b7ba;
    --line: #2c393e;
    --edge: #82959b;
    --attention: #3b2f14;
    --on-attention: #f8dfa6;
    --shadow: 0 0 0 1px #2c393e, 0 12px 40px rgb(0 0 0 / 60%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button { font: inherit; color: inherit; margin: 0; cursor: pointer; -webkit-tap-highlight-color: transparent; }
svg {
  width: 24px; height: 24px; flex: none; fill: none; stroke: currentColor;
  stroke-width: 2; stroke-linecap: round; stroke-linejoin: round;
}
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; box-shadow: 0 0 0 2px var(--surface); }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.launcher {
  position: fixed; z-index: 2147483000;
  right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
  display: flex; align-items: center; gap: 10px; min-height: 56px; padding: 0 22px 0 18px;
  border: 1px solid rgb(255 255 255 / 24%); border-radius: 28px;
  background: var(--accent); color: var(--on-accent); font-weight: 600;
  box-shadow: var(--shadow); transition: transform 140ms ease-out;
}
:host([data-position="left"]) .launcher { right: auto; left: max(20px, env(safe-area-inset-left)); }
.launcher:hover { transform: translateY(-2px); }
.launcher:active { transform: none; }
.badge {
  min-width: 24px; height: 24px; padding: 0 7px; border-radius: 12px;
  background: #ffd27a; color: #2b1c00; font-size: 14px; line-height: 24px; text-align: center;
}
@media (max-width: 540px) {
  .launcher { width: 60px; min-height: 60px; padding: 0; justify-content: center; border-radius: 50%; }
  .launcher svg { width: 28px; height: 28px; }
  .label { position: absolute; clip-path: inset(50%); white-space: nowrap; }
  .badge { position: absolute; top: -4px; right: -4px; }
}
@media (prefers-reduced-motion: reduce) { .launcher { transition: none; } }
@media (forced-colors: active) { .badge { border: 1px solid; } }
@media print { .launcher { display: none; } }
`);
