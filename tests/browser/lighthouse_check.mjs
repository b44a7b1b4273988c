// Runs Lighthouse on a page of somebody who is signed in, and prints its scores and what cost points as JSON.
// node lighthouse_check.mjs <folder of node_modules> <chromium> <url> '{"cookie": "name=value", "phone": …, "shows": "selector"}'
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const CATEGORIES = ["performance", "accessibility"];
const [modules, executablePath, url, settings] = process.argv.slice(2);
const { cookie, phone, shows } = JSON.parse(settings);
const puppeteer = createRequire(`${modules}/pa11y/package.json`)("puppeteer");
const { default: lighthouse, desktopConfig } = await import(pathToFileURL(`${modules}/lighthouse/core/index.js`));

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  const [name, value] = cookie.split("=");
  await browser.setCookie({ name, value, domain: new URL(url).hostname, httpOnly: true, sameSite: "Strict" });
  const flags = { onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: "silent" };
  const { lhr } = await lighthouse(url, flags, phone ? undefined : desktopConfig, page);
  const isThere = (await page.$(shows)) !== null; // else another page, or an empty one, has the good scores
  const scores = CATEGORIES.map((id) => [id, Math.round(lhr.categories[id].score * 100)]);
  const audits = CATEGORIES.flatMap((id) => lhr.categories[id].auditRefs).filter(({ weight }) => weight);
  const lost = audits.map(({ id }) => lhr.audits[id]).filter(({ score }) => score < 1);
  const told = lost.map(({ id, displayValue, title }) => `${id}: ${displayValue ?? title}`);
  console.log(JSON.stringify({ isThere, ...Object.fromEntries(scores), lost: told }));
} finally {
  await browser.close();
}
