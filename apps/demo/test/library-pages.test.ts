import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Alexandria } from "../src/alexandria.ts";
import { DEMO_READERS } from "../src/library/reader-list.ts";
import { CONTENT_SECURITY_POLICY } from "../src/pages/layout.ts";
import { type Browsing, browse, missingBrowser, openBrowser } from "./support/browser.ts";
import { SHELF } from "./support/open-alexandria.ts";

/** Folder for screenshots. Default: none are taken. */
const SCREENSHOTS = process.env.ALEXANDRIA_SCREENSHOTS;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Public pages, then those of a reader and of an administrator. */
const PAGES = [
  { who: undefined, path: "/", name: "search" },
  { who: undefined, path: "/?q=how+many+books+may+I+borrow", name: "answer" },
  { who: undefined, path: "/?q=zzyzx", name: "nothing-found" },
  { who: undefined, path: "/books", name: "books" },
  { who: undefined, path: "/books/1", name: "book" },
  { who: undefined, path: "/books/1/sections/2", name: "section" },
  { who: undefined, path: "/sign-in", name: "sign-in" },
  { who: "mira", path: "/upload", name: "upload" },
  { who: "amina", path: "/admin", name: "admin" },
  { who: "amina", path: "/admin/readers", name: "readers" },
  { who: "amina", path: "/admin/collections", name: "collections" },
  { who: "amina", path: "/admin/audit", name: "trail" },
] as const;

const SCREENS = [
  { name: "desk", viewport: { width: 1100, height: 900 }, colorScheme: "light" },
  { name: "telephone", viewport: { width: 360, height: 740 }, colorScheme: "dark" },
] as const;

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

describe.skipIf(missingBrowser())("the pages of the library, in Chromium without scripts", () => {
  let folder: string;
  let alexandria: Alexandria;
  let browser: Browser;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    browser = await openBrowser();
    folder = mkdtempSync(join(tmpdir(), "alexandria-pages-"));
    const [auditPath, libraryPath] = [join(folder, "audit.db"), join(folder, "library.db")];
    alexandria = await Alexandria.open({ framework: "fastify", port: 0, metricsPort: 0, auditPath, libraryPath });
    await alexandria.ingest(SHELF);
    for (const { id } of DEMO_READERS) tokens.set(id, alexandria.library.issueToken(id));
    if (SCREENSHOTS !== undefined) mkdirSync(SCREENSHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await alexandria?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function visitor(who?: string): Promise<Browsing> {
    const browsing = await browse(browser);
    onTestFinished(async () => {
      await browsing.context.close();
    });
    if (who !== undefined) {
      await browsing.page.goto(`${alexandria.url}/sign-in`);
      await browsing.page.getByLabel("Your token").fill(tokens.get(who)!);
      await browsing.page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await browsing.page.getByRole("button", { name: "Sign out" }).waitFor();
    }
    return browsing;
  }

  /** The same visitor in a browser with scripts, which only the accessibility check runs. */
  async function examined({ context }: Browsing, look: BrowserContextOptions): Promise<Page> {
    const other = await browser.newContext({ storageState: await context.storageState(), ...look });
    onTestFinished(async () => {
      await other.close();
    });
    return other.newPage();
  }

  const open = async (page: Page, path: string) => {
    const response = await page.goto(alexandria.url + path);
    return { status: response?.status(), policy: response?.headers()["content-security-policy"] };
  };

  describe.each(PAGES)("the $name page", ({ who, path, name }) => {
    it("is sent with the policy and works with it", async () => {
      const { page, complaints } = await visitor(who);
      expect(await open(page, path)).toEqual({ status: 200, policy: CONTENT_SECURITY_POLICY });
      expect(complaints).toEqual([]);
    });

    it.each(SCREENS)("is accessible on a $name screen", async ({ name: screen, ...look }) => {
      const page = await examined(await visitor(who), look);
      await open(page, path);
      if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}-${screen}.png`), fullPage: true });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.viewport.width);
      await page.evaluate(AXE);
      const { violations } = (await page.evaluate("axe.run()")) as AxeResult;
      expect(violations.map(({ id, nodes }) => ({ id, html: nodes[0]!.html, says: nodes[0]!.failureSummary }))).toEqual([]);
    });
  });

  it("answer a question with passages and book links", async () => {
    const { page } = await visitor();
    await open(page, "/");
    await page.getByLabel("Your question or a few words").fill("How many books may I have at a time?");
    await page.getByRole("main").getByRole("button", { name: "Search" }).click();
    await page.getByRole("region", { name: "From the shelf" }).waitFor();
    await page.getByRole("region", { name: "Passages" }).getByRole("link").first().click();
    await page.getByRole("heading", { level: 1, name: "Borrowing rules" }).waitFor();
    await page.getByRole("link", { name: "Contents" }).click();
    await page.getByRole("main").getByRole("list").getByRole("link").first().click();
    await page.getByRole("link", { name: "Next section" }).click();
    expect(page.url()).toMatch(/\/books\/\d+\/sections\/2$/);
  });

  it("let a reader upload texts up to the limit", async () => {
    const { page } = await visitor("jonas");
    const upload = async (title: string, text: string) => {
      await page.getByLabel("Title").fill(title);
      await page.getByLabel("Text").fill(text);
      await page.getByRole("main").getByRole("button", { name: "Upload" }).click();
    };
    await open(page, "/upload");
    await upload("Tides", " . ");
    await page.getByRole("status").or(page.getByRole("alert")).waitFor();
    for (let i = 0; i < 5 && !(await page.getByRole("heading", { name: "Limit reached" }).isVisible()); i++) {
      await upload(`Tides ${i}`, `High water came at ${i} o'clock, and the boats with it.`);
    }
    await page.getByRole("heading", { level: 1, name: "Limit reached" }).waitFor();
  });

  it("show a refusal and record it in the trail", async () => {
    const { page } = await visitor("tove");
    expect((await open(page, "/admin/audit")).status).toBe(403);
    await page.getByText("The attempt was recorded.").waitFor();
    const { page: admins } = await visitor("amina");
    await open(admins, "/admin/audit");
    const row = admins.getByRole("row").filter({ hasText: "permission.denied" }).filter({ hasText: "tove" }).first();
    expect(await row.getByRole("cell").allInnerTexts()).toEqual([
      expect.stringMatching(/^\d+$/),
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/),
      "access_control",
      "permission.denied",
      "denied",
      "tove",
      "/admin/audit",
      "full",
    ]);
  });

  it("let an administrator add and remove collections", async () => {
    const { page } = await visitor("amina");
    await open(page, "/admin/collections");
    await page.getByLabel("Name").fill("Maps & charts");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("cell", { name: "maps-charts" }).waitFor();
    expect(await page.getByRole("button", { name: /^Remove/ }).count()).toBe(1);
    await page.getByRole("button", { name: "Remove Maps & charts" }).click();
    await page.getByRole("cell", { name: "maps-charts" }).waitFor({ state: "detached" });
  });

  it("can be used by keyboard from the skip link", async () => {
    const { page } = await visitor();
    await open(page, "/");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(page.url()).toMatch(/#main$/);
    await page.keyboard.press("Tab");
    await page.keyboard.type("lamplighter");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Search: lamplighter" }).waitFor();
  });
});
