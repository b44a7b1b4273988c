// Runs pa11y (both of its engines) on the one page that a Chromium shows, in whatever state it is, and prints the issues as JSON.
// node pa11y_open_page.mjs <folder of node_modules> <port of its debugger>
import { createRequire } from "node:module";

const [modules, port] = process.argv.slice(2);
const load = createRequire(`${modules}/pa11y/package.json`);
const pa11y = load("pa11y");
const browser = await load("puppeteer").connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
try {
  const pages = await browser.pages();
  const page = pages.find((each) => each.url().startsWith("http"));
  const viewport = await page.evaluate(() => ({ width: innerWidth, height: innerHeight }));
  const settings = { levelCapWhenNeedsReview: "warning", ignoreUrl: true, runners: ["axe", "htmlcs"], viewport };
  const { issues } = await pa11y(page.url(), { browser, page, ...settings });
  console.log(JSON.stringify(issues.map(({ code, selector, message }) => ({ code, selector, message }))));
} finally {
  await browser.disconnect();
}
