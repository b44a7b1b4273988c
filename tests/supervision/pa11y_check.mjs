// Runs pa11y (both of its engines) on a page of somebody who is signed in, and prints the issues as JSON.
// node pa11y_check.mjs <folder of node_modules> <chromium> <url> '{"width": …, "cookie": "name=value"}'
import { createRequire } from "node:module";

const [modules, executablePath, url, settings] = process.argv.slice(2);
const { width, cookie } = JSON.parse(settings);
const load = createRequire(`${modules}/pa11y/package.json`);
const pa11y = load("pa11y");
const puppeteer = load("puppeteer");

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 800 });
  await page.setExtraHTTPHeaders({ Cookie: cookie });
  await page.goto(url);
  const options = { browser, page, ignoreUrl: true, runners: ["axe", "htmlcs"], viewport: { width, height: 800 } };
  const { issues } = await pa11y(url, { ...options, levelCapWhenNeedsReview: "warning" });
  console.log(JSON.stringify(issues.map(({ code, selector, message }) => ({ code, selector, message }))));
} finally {
  await browser.close();
}
