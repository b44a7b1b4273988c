// Runs pa11y (both of its engines) on the desk of somebody who signs in, and prints the issues as JSON.
// node pa11y_desk.mjs <folder of node_modules> <chromium> <url> '{"dark": …, "width": …, "login": …, "password": …}'
import { createRequire } from "node:module";

const [modules, executablePath, url, settings] = process.argv.slice(2);
const { dark, width, login, password } = JSON.parse(settings);
const load = createRequire(`${modules}/pa11y/package.json`);
const pa11y = load("pa11y");
const puppeteer = load("puppeteer");

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 768 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  await page.goto(url);
  await page.type("#login", login);
  await page.type("#password", password);
  await Promise.all([page.waitForNavigation(), page.click("form button[type=submit]")]);
  await page.waitForSelector("#queue button");
  await page.click("#queue button");
  await page.waitForSelector(".facts section, .message");
  const review = { levelCapWhenNeedsReview: "warning" };
  const options = { ...review, browser, page, ignoreUrl: true, runners: ["axe", "htmlcs"], viewport: { width, height: 768 } };
  const { issues } = await pa11y(url, options);
  console.log(JSON.stringify(issues.map(({ code, selector, message }) => ({ code, selector, message }))));
} finally {
  await browser.close();
}
