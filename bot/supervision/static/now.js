// The figures of this moment, asked for again while somebody looks: no reload, and the rest of the page stays as it was set.

const EVERY_MS = 5_000;

async function refresh() {
  if (document.hidden) return;
  const place = document.getElementById("now");
  const answer = await fetch(place.dataset.from, { redirect: "error" }).catch(() => null);
  if (!answer?.ok) return; // the next time, or a sign-in when the page is used
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.querySelector("#now .tiles");
  if (now) place.querySelector(".tiles").replaceWith(now);
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
