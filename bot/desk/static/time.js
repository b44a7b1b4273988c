// Moments and waits as the staff reads them.

const CLOCK = new Intl.DateTimeFormat("es-ES", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("es-ES", { day: "numeric", month: "short" });
export const LONG_WAIT_MS = 180_000;

/** "4 min", "1 h 05", "2 d" since `iso`. */
export function waited(iso) {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(iso)) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(minutes / 1440)} d`;
}

/** Whether somebody waits longer than the three minutes that are promised. */
export function isLong(iso) {
  return Date.now() - new Date(iso) > LONG_WAIT_MS;
}

/** "10:31", or "23 nov 10:31" of another day. */
export function moment(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return today ? CLOCK.format(date) : `${DAY.format(date)} ${CLOCK.format(date)}`;
}

/** "16 dic" of "2026-12-16". */
export function day(iso) {
  return DAY.format(new Date(`${iso}T12:00:00`));
}
