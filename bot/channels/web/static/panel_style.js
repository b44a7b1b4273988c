// The look of the open chat.

import { sheet } from "./dom.js";

export const panelSheet = sheet(`
.panel {
  position: fixed; z-index: 2147483000; inset: auto; margin: 0; padding: 0;
  right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
  width: 408px; height: min(680px, calc(100dvh - 40px)); max-width: none; max-height: none;
  border: 0; border-radius: 18px; overflow: hidden;
  background: var(--surface); color: var(--ink); box-shadow: var(--shadow);
}
.panel[open] { animation: arrive 180ms ease-out; }
:host([data-position="left"]) .panel { right: auto; left: max(20px, env(safe-area-inset-left)); }
@keyframes arrive { from { opacity: 0; transform: translateY(10px); } }
.panel::backdrop { background: none; }
.main { display: flex; flex-direction: column; height: 100%; }

header {
  display: flex; align-items: center; gap: 12px; flex: none; padding: 12px 8px 12px 18px;
  background: var(--accent); color: var(--on-accent);
}
header > svg { width: 30px; height: 30px; }
.names { flex: 1; min-width: 0; }
h2, h3, p { margin: 0; }
h2 { font-size: 17px; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
h2:focus { outline: none; }
.names p { font-size: 14px; line-height: 1.3; }
.tool {
  display: grid; place-items: center; width: 44px; height: 44px; padding: 0;
  border: 0; border-radius: 12px; background: none;
}
.tool:hover { background: rgb(127 127 127 / 28%); }
header :focus-visible { outline-color: var(--on-accent); outline-offset: -3px; box-shadow: none; }
.tool svg { width: 22px; height: 22px; }

.state { flex: none; font-size: 14px; line-height: 1.4; }
.state:not(:empty) { padding: 8px 18px; background: var(--attention); color: var(--on-attention); }

.log { position: relative; flex: 1; min-height: 0; }
.scroller { position: relative; height: 100%; overflow-y: auto; overscroll-behavior: contain; padding: 16px; }
.scroller:focus-visible { outline-offset: -3px; box-shadow: none; }
.message { display: flex; flex-direction: column; align-items: flex-start; margin-top: 16px; position: relative; }
.message.follows { margin-top: 6px; }
.message:first-child { margin-top: 0; }
.day { align-self: center; margin: 4px 0 14px; font-size: 13px; color: var(--ink-soft); }
.day::first-letter { text-transform: uppercase; }
.sender { margin: 0 0 2px 4px; font-size: 13px; font-weight: 600; color: var(--ink-soft); }
.bubble {
  max-width: 88%; padding: 10px 14px; border: 1px solid transparent; border-radius: 16px 16px 16px 4px;
  background: var(--paper); overflow-wrap: anywhere; font-size: 15.5px; line-height: 1.5;
}
.line { align-items: center; }
.line .bubble { padding: 2px 8px; background: none; color: var(--ink-soft); font-size: 14px; text-align: center; }
.line .meta { text-align: center; }
.writer:not(:empty) { margin-left: 6px; font-size: 14px; line-height: 1; color: var(--ink-soft); }
.agent .bubble { border-color: var(--edge); }
.person { align-items: flex-end; }
.person .bubble {
  border-radius: 16px 16px 4px 16px; background: var(--accent); color: var(--on-accent); white-space: pre-wrap;
}
.person[data-state="waiting"] .bubble { opacity: .85; }
.meta { margin: 3px 4px 0; font-size: 12.5px; line-height: 1.4; color: var(--ink-soft); }
.person .meta { text-align: right; }
.message:has(+ .message.follows[data-state="sent"])[data-state="sent"] .meta { display: none; }
.message[data-state="refused"] .meta { max-width: 88%; color: var(--ink); }
.retry {
  min-height: 44px; padding: 0 8px; border: 0; background: none; font-weight: 600; text-decoration: underline;
}
.bubble p + p, .bubble p + :is(ul, ol), :is(ul, ol) + p, :is(ul, ol) + :is(ul, ol) { margin-top: 8px; }
.bubble :is(ul, ol) { margin-bottom: 0; margin-top: 0; padding-left: 22px; }
.bubble p + :is(ul, ol) { margin-top: 6px; }
.bubble li + li { margin-top: 5px; }
.bubble li::marker { color: var(--ink-soft); }
.bubble a { color: inherit; font-weight: 550; text-decoration: underline; text-underline-offset: 3px; }
.bubble a[href^="tel:"] { white-space: nowrap; }
.bubble a:hover { text-decoration-thickness: 2px; }
strong { font-weight: 650; }

.file-card { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; }
.file-card svg { flex: none; width: 26px; height: 26px; }
.card-words { display: grid; flex: 1 1 150px; min-width: 0; }
.card-facts { font-size: 13.5px; }
.download {
  min-height: 44px; padding: 0 16px; border: 1.5px solid currentColor; border-radius: 22px; background: none;
  color: inherit; font-size: 14.5px; font-weight: 600;
}
.download:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.person .download:hover { background: var(--surface); border-color: var(--surface); color: var(--ink); }

.replies { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
.reply {
  min-height: 44px; padding: 8px 16px; border: 1.5px solid var(--edge); border-radius: 22px;
  background: var(--surface); font-size: 15px; line-height: 1.35; text-align: left;
}
.reply:hover { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }

.typing { display: flex; gap: 5px; width: fit-content; margin-top: 12px; padding: 15px 16px;
  border-radius: 16px 16px 16px 4px; background: var(--paper); }
.dot { width: 7px; height: 7px; border-radius: 50%; background: var(--ink-soft); animation: breathe 1.4s infinite; }
.dot:nth-child(2) { animation-delay: 160ms; }
.dot:nth-child(3) { animation-delay: 320ms; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }

.jump {
  position: absolute; left: 50%; bottom: 12px; transform: translateX(-50%);
  display: flex; align-items: center; gap: 8px; min-height: 44px; padding: 0 18px 0 14px;
  border: 1px solid var(--edge); border-radius: 22px; background: var(--surface);
  font-size: 15px; font-weight: 600; white-space: nowrap; box-shadow: 0 4px 16px rgb(0 0 0 / 18%);
}
.jump svg { width: 18px; height: 18px; }

.composer { flex: none; padding: 10px 12px calc(8px + env(safe-area-inset-bottom)); border-top: 1px solid var(--line); }
.entry {
  display: flex; align-items: flex-end; gap: 4px; padding: 3px;
  border: 1.5px solid var(--edge); border-radius: 25px; background: var(--surface);
}
.entry:focus-within { border-color: var(--ink); box-shadow: 0 0 0 1px var(--ink); }
textarea {
  flex: 1; min-width: 0; min-height: 44px; max-height: 140px; margin: 0; padding: 10px 4px 10px 14px; border: 0;
  background: none; color: inherit; font: inherit; line-height: 24px; resize: none;
}
textarea:focus { outline: none; box-shadow: none; }
textarea::placeholder { color: var(--ink-soft); opacity: 1; }
.send {
  display: grid; place-items: center; flex: none; width: 44px; height: 44px; padding: 0; border: 0;
  border-radius: 50%; background: var(--accent); color: var(--on-accent); transition: background 140ms;
}
.empty .send { background: var(--paper); color: var(--ink-soft); }
.hint {
  display: flex; justify-content: space-between; gap: 12px; padding: 5px 6px 0;
  font-size: 12.5px; line-height: 1.4; color: var(--ink-soft);
}

.attach { flex: none; border-radius: 50%; color: var(--ink-soft); }
.attach:hover { color: var(--ink); }
.attach + input + textarea { padding-left: 2px; }
.files {
  flex: none; max-height: 40%; margin: 0; padding: 4px 12px; overflow-y: auto; list-style: none;
  border-top: 1px solid var(--line); background: var(--surface);
}
.file { display: flex; align-items: center; gap: 4px; padding: 6px 0 6px 6px; }
.file + .file { border-top: 1px solid var(--line); }
.file-about { display: grid; grid-template-columns: 1fr auto; align-items: baseline; gap: 2px 10px; flex: 1; min-width: 0; }
.file-name { overflow: hidden; font-size: 14.5px; font-weight: 550; text-overflow: ellipsis; white-space: nowrap; }
.file-status { font-size: 13px; line-height: 1.4; color: var(--ink-soft); font-variant-numeric: tabular-nums; }
.file progress { grid-column: 1 / -1; width: 100%; height: 6px; accent-color: var(--accent); }
.file:is([data-state="cut"], [data-state="failed"], [data-state="interrupted"]) .file-status { grid-column: 1 / -1; }
.file[data-state="failed"] .file-status { color: var(--ink); }
.file[data-state="failed"] .file-name::before { content: "⚠ "; }
.file[data-state="done"] .file-status::before { content: "✓ "; }
.again {
  grid-column: 1 / -1; justify-self: start; min-height: 44px; padding: 0 16px; border: 1.5px solid var(--edge);
  border-radius: 22px; background: none; font-size: 14.5px; font-weight: 600;
}
.file-close { display: grid; place-items: center; flex: none; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 50%; background: none; }
.file-close:hover { background: var(--paper); }
.file-close svg { width: 18px; height: 18px; }
.drop {
  position: absolute; inset: 8px; z-index: 1; display: none; place-content: center; justify-items: center; gap: 10px;
  border: 2px dashed var(--edge); border-radius: 14px; background: var(--surface); font-size: 17px; font-weight: 600;
  pointer-events: none;
}
.drop svg { width: 36px; height: 36px; }
.dropping .drop { display: grid; }

.question {
  position: absolute; inset: 0; display: grid; align-items: end; padding: 16px; background: rgb(8 20 24 / 55%);
}
.card { display: grid; gap: 10px; padding: 20px; border-radius: 16px; background: var(--surface); }
.card h3 { font-size: 18px; line-height: 1.3; }
.card p { margin-bottom: 6px; color: var(--ink-soft); }
.card button {
  min-height: 48px; padding: 0 18px; border: 1.5px solid var(--accent); border-radius: 24px; font-weight: 600;
}
.primary { background: var(--accent); color: var(--on-accent); }
.card .secondary { border-color: var(--edge); background: var(--surface); }

@media (max-width: 540px), (max-height: 480px) {
  .panel, :host([data-position="left"]) .panel {
    inset: var(--viewport-top, 0) 0 auto 0; width: 100%; height: var(--viewport-height, 100dvh); border-radius: 0;
  }
  header { padding-top: calc(10px + env(safe-area-inset-top)); }
  .scroller { padding-left: max(14px, env(safe-area-inset-left)); padding-right: max(14px, env(safe-area-inset-right)); }
}
@media (prefers-reduced-motion: reduce) {
  .panel[open], .dot { animation: none; }
  .dot { opacity: .7; }
  .send { transition: none; }
}
@media (forced-colors: active) {
  .panel, .bubble, .tool, .send, .card, .typing { border: 1px solid; }
  .dot { background: CanvasText; }
  header { border-bottom: 1px solid; }
}
@media print {
  .panel { position: static; width: auto; height: auto; overflow: visible; box-shadow: none; }
  .main { display: block; }
  .scroller { height: auto; overflow: visible; }
  .message { break-inside: avoid; }
  .bubble, .person .bubble { border-color: #767676; background: none; color: #000; }
  header { background: none; color: #000; }
  .tool, .composer, .files, .state, .replies, .typing, .jump, .question { display: none !important; }
}
`);
