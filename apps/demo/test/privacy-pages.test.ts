import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Alexandria } from "../src/alexandria.ts";
import { DEMO_READERS } from "../src/library/reader-list.ts";
import { type Browsing, browse, missingBrowser, openBrowser } from "./support/browser.ts";

const SHELF = fileURLToPath(new URL("../shelf", import.meta.url));
/** Folder for screenshots. Default: none are taken. */
const SCREENSHOTS = process.env.ALEXANDRIA_SCREENSHOTS;

const DIARY = { name: "Yes, keep a diary for me" } as const;
const section = (page: Page, title: string) => page.getByRole("region", { name: title });

describe.skipIf(missingBrowser())("the pages about a reader's privacy, in Chromium without scripts", () => {
  let folder: string;
  let alexandria: Alexandria;
  let browser: Browser;
  let browsing: Browsing;
  let page: Page;
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    browser = await openBrowser();
    folder = mkdtempSync(join(tmpdir(), "alexandria-privacy-"));
    alexandria = await Alexandria.open({
      framework: "express",
      port: 0,
      metricsPort: 0,
      auditPath: join(folder, "audit.db"),
      libraryPath: join(folder, "library.db"),
    });
    await alexandria.ingest(SHELF);
    for (const reader of DEMO_READERS) {
      alexandria.library.enrolReader(reader);
      tokens.set(reader.id, alexandria.library.issueToken(reader.id));
    }
    if (SCREENSHOTS !== undefined) mkdirSync(SCREENSHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    await alexandria?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    browsing = await browse(browser);
    page = browsing.page;
    return async () => {
      expect(browsing.complaints).toEqual([]);
      await browsing.context.close();
    };
  });

  const go = (path: string) => page.goto(alexandria.url + path);
  const shot = async (name: string) => {
    if (SCREENSHOTS !== undefined) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  };
  async function signIn(id: string): Promise<void> {
    await go("/sign-in");
    await page.getByLabel("Your token").fill(tokens.get(id)!);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  it("shows purposes to all, choices to signed-in readers", async () => {
    await go("/settings");
    expect(await page.getByRole("checkbox").count()).toBe(0);
    expect(await page.getByRole("main").textContent()).toContain("Without your consent it keeps none");
    await signIn("mira");
    await go("/settings");
    await shot("settings-off");
    expect(await page.getByRole("checkbox").count()).toBe(2);
  });

  it("shows empty boxes and ignores an unticked one", async () => {
    await signIn("mira");
    await go("/settings");
    for (const box of await page.getByRole("checkbox").all()) {
      expect(await box.isChecked()).toBe(false);
      expect(await box.getAttribute("aria-describedby")).toMatch(/^about-/);
    }
    const diary = section(page, "A diary of your searches and reads");
    expect(await diary.textContent()).toContain("the words you search for");
    await diary.getByRole("button", { name: "Save" }).click();
    expect(await page.getByRole("status").textContent()).toBe("Nothing was changed: tick the box to agree.");
    expect(await page.getByRole("checkbox").count()).toBe(2);
  });

  it("takes two acts to agree and one to stop", async () => {
    await signIn("jonas");
    await go("/settings");
    const diary = section(page, "A diary of your searches and reads");
    let acts = 0;
    await diary.getByRole("checkbox", DIARY).check();
    acts++;
    await diary.getByRole("button", { name: "Save" }).click();
    acts++;
    expect(await page.getByRole("status").textContent()).toBe("Saved. It is kept from now on.");
    expect([acts, await page.getByRole("checkbox").count()]).toEqual([2, 1]);
    await shot("settings-on");
    await section(page, "A diary of your searches and reads").getByRole("button", { name: "Stop and delete it" }).click();
    expect(await page.getByRole("status").textContent()).toBe("Stopped. What was kept is deleted.");
    expect(await page.getByRole("checkbox").count()).toBe(2);
  });

  it("can be used by keyboard alone", async () => {
    await signIn("petra");
    await go("/settings");
    await page.getByRole("checkbox").first().focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/done=agreed/);
    const stop = section(page, "A diary of your searches and reads").getByRole("button", { name: "Stop and delete it" });
    await stop.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/done=stopped/);
  });

  it("keeps a journal to list, export and delete", async () => {
    await signIn("mira");
    await go("/journal");
    await shot("journal-none");
    expect(await page.getByRole("main").textContent()).toContain("No journal is kept for you");
    await go("/?q=before+the+agreement");
    await go("/settings");
    await section(page, "A diary of your searches and reads").getByRole("checkbox", DIARY).check();
    await section(page, "A diary of your searches and reads").getByRole("button", { name: "Save" }).click();
    await go("/?q=lamplighter");
    await go("/?q=%3Cscript%3E");
    await go("/books/1/sections/1");
    await expect
      .poll(
        async () => {
          await go("/journal");
          return page.getByRole("row").count();
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(4);
    await shot("journal");
    const text = await page.getByRole("main").textContent();
    expect(text).toContain("Searched for “lamplighter”");
    expect(text).toContain("Searched for “<script>”");
    expect(text).not.toContain("before the agreement");
    const [json] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download as JSON" }).click()]);
    expect(JSON.parse(readFileSync((await json.path())!, "utf8")).map(({ activity }: { activity: string }) => activity)).toEqual([
      "search",
      "search",
      "read",
    ]);
    const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "as CSV" }).click()]);
    expect(readFileSync((await csv.path())!, "utf8").split("\r\n")[0]).toContain("activity,query");
    await page.getByRole("button", { name: "Delete all entries" }).click();
    expect(await page.getByRole("status").textContent()).toBe("Your journal is empty now.");
    expect(await page.getByRole("main").textContent()).toContain("Your journal is empty");
  });

  it("shows accesses to the reader's data by role", async () => {
    await signIn("amina");
    await go("/admin/readers");
    await browsing.context.clearCookies();
    await signIn("mira");
    await expect
      .poll(
        async () => {
          await go("/journal");
          return page.getByRole("main").textContent();
        },
        { timeout: 15_000 },
      )
      .toContain("looked at the list of readers");
    await shot("journal-accesses");
    const text = await page.getByRole("main").textContent();
    expect(text).toContain("reader administration");
    expect(text).not.toContain("amina");
  });

  it("offers a consent receipt as a download", async () => {
    await signIn("tove");
    await go("/settings");
    await section(page, "A diary of your searches and reads").getByRole("checkbox", DIARY).check();
    await section(page, "A diary of your searches and reads").getByRole("button", { name: "Save" }).click();
    const [receipt] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Receipt" }).click()]);
    expect(JSON.parse(readFileSync((await receipt.path())!, "utf8"))["@type"]).toBe("dpv:ConsentReceipt");
  });

  it("fits narrow screens and dark mode", async () => {
    await signIn("tove");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: "dark" });
    for (const [path, name] of [
      ["/settings", "settings-narrow-dark"],
      ["/journal", "journal-narrow-dark"],
    ] as const) {
      await go(path);
      await shot(name);
      // Without scripts the page cannot be measured, but its screenshot can: a page wider than the screen makes a
      // wider one.
      const { width } = (await page.locator("body").boundingBox()) as { width: number };
      expect(width).toBeLessThanOrEqual(360);
    }
  });
});
