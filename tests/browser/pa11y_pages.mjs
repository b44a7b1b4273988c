// Runs pa11y (both of its engines) on pages and prints the issues as JSON.
// node pa11y_pages.mjs <folder of node_modules> <chromium> '{"dark": …, "width": …, "urls": […]}'
import { createRequire } from "node:module";

const [modules, executablePath, settings] = process.argv.slice(2);
const { dark, width, urls } = JSON.parse(settings);
const load = createRequire(`${modules}/pa11y/package.json`);
const pa11y = load("pa11y");
const puppeteer = load("puppeteer");

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const found = [];
try {
  const page = await browser.newPage();
  const viewport = { width, height: 800 };
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  for (const url of urls) {
    await page.goto(url);
    const { issues } = await pa11y(url, { browser, page, ignoreUrl: true, runners: ["axe", "htmlcs"], viewport });
    found.push(...issues.map(({ code, selector, message }) => ({ url, code, selector, message })));
  }
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
