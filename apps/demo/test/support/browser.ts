import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why browser tests are skipped; undefined if there is a browser. */
export function missingBrowser(): string | undefined {
  if (existsSync(CHROMIUM)) return undefined;
  const reason = `skipped: no Chromium at ${CHROMIUM}; install it, or name it with CHROMIUM`;
  console.warn(reason);
  return reason;
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

export interface Browsing {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything that the browser refused, could not load, or requested from another host. */
  readonly complaints: readonly string[];
}

/** A visit without scripts and without data from earlier visits. */
export async function browse(browser: Browser): Promise<Browsing> {
  const context = await browser.newContext({ javaScriptEnabled: false, acceptDownloads: true, viewport: { width: 1100, height: 900 } });
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    // A browser requests this picture on its own.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) complaints.push(message.text());
  });
  page.on("requestfailed", (request) => {
    // A download ends its navigation.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`${request.url()} failed`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith("http://127.0.0.1:")) complaints.push(`${request.url()} was asked for`);
  });
  return { context, page, complaints };
}
