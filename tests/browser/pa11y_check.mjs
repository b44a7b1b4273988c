// Runs pa11y (both of its engines) on a page, with the chat closed or open, and prints the issues as JSON.
// node pa11y_check.mjs <folder of node_modules> <chromium> <url> '{"dark": …, "width": …, "open": …}'
import { createRequire } from "node:module";

const [modules, executablePath, url, settings] = process.argv.slice(2);
const { dark, width, open } = JSON.parse(settings);
const load = createRequire(`${modules}/pa11y/package.json`);
const pa11y = load("pa11y");
const puppeteer = load("puppeteer");

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  await page.goto(url);
  await page.waitForSelector("ventanilla-chat, #contenido");
  if (open) await openChat(page);
  // What axe calls "needs review" is no violation: it gives up on text inside a shadow root now and then.
  const review = { levelCapWhenNeedsReview: "warning" };
  const options = { ...review, browser, page, ignoreUrl: true, runners: ["axe", "htmlcs"], viewport: { width, height: 800 } };
  const { issues } = await pa11y(url, options);
  console.log(JSON.stringify(issues.map(({ code, selector, message }) => ({ code, selector, message }))));
} finally {
  await browser.close();
}

async function openChat(page) {
  await page.evaluate(() => document.querySelector("ventanilla-chat").open());
  await page.waitForFunction(() => document.querySelector("ventanilla-chat").shadowRoot.querySelector(".message"));
}
