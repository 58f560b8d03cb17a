import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Book } from "../src/library/book-shelf.ts";
import { adminStartPage, auditPage, collectionsPage, readersPage } from "../src/pages/admin-pages.ts";
import { booksPage } from "../src/pages/books-page.ts";
import { forbiddenPage, notFoundPage, serverErrorPage, tooManyRequestsPage } from "../src/pages/error-pages.ts";
import { html } from "../src/pages/html.ts";
import { journalPage } from "../src/pages/journal-page.ts";
import { CONTENT_SECURITY_POLICY } from "../src/pages/layout.ts";
import { bookPage, noticePage, readPage } from "../src/pages/read-page.ts";
import { searchPage } from "../src/pages/search-page.ts";
import { settingsPage } from "../src/pages/settings-page.ts";
import { signInPage } from "../src/pages/sign-in-page.ts";
import { STYLE_SHEET } from "../src/pages/style-sheet.ts";
import { uploadPage } from "../src/pages/upload-page.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;</textarea></title>`;

const book: Book = {
  id: 7,
  collection: "shelf",
  title: HOSTILE,
  author: HOSTILE,
  source: HOSTILE,
  sections: 3,
  bytes: 1,
  addedAt: 0,
  addedBy: null,
  hasNotice: 1,
};
const section = { bookId: 7, position: 2, heading: HOSTILE, body: `${HOSTILE}\n\nEnd.`, words: 2 };
const collections = [{ slug: "shelf", name: HOSTILE, description: HOSTILE, books: 1 }];
const passage = {
  ...section,
  title: HOSTILE,
  author: HOSTILE,
  collection: "shelf",
  score: 1,
  snippet: [
    { text: HOSTILE, hit: false },
    { text: HOSTILE, hit: true },
  ],
};
const quote = { text: HOSTILE, bookId: 7, title: HOSTILE, author: HOSTILE, heading: HOSTILE, position: 2 };
const admin = { reader: { id: "amina", name: HOSTILE, role: "admin" }, formToken: HOSTILE } as const;

const notice = { notice: "privacy", version: HOSTILE, language: "en", content: `${HOSTILE}\n\n${HOSTILE}` };
const purpose = {
  purpose: "diary",
  title: HOSTILE,
  text: HOSTILE,
  logged: [HOSTILE],
  kept: HOSTILE,
  recipients: HOSTILE,
  phrase: HOSTILE,
  entries: 0,
};
const activity = { row: 1, id: "a", time: "2026-11-24T09:00:00.000Z", purpose: "diary", version: "1", consent: "c" };

const PAGES: readonly { readonly name: string; readonly page: string }[] = [
  { name: "empty search", page: searchPage({ collections, query: "" }) },
  { name: "search without a find", page: searchPage({ collections, query: HOSTILE, result: { passages: [], more: false } }) },
  {
    name: "search",
    page: searchPage({
      ...admin,
      collections,
      query: HOSTILE,
      collection: "shelf",
      pageNumber: 2,
      result: { passages: [passage], more: true },
      answer: { quotes: [quote], text: HOSTILE, modelFailure: HOSTILE },
    }),
  },
  { name: "books", page: booksPage({ collections, books: [book] }) },
  { name: "book", page: bookPage({ book, contents: [section] }) },
  { name: "reading", page: readPage({ ...admin, book, section }) },
  { name: "notice", page: noticePage({ book, notice: HOSTILE }) },
  {
    name: "upload",
    page: uploadPage({
      ...admin,
      collections,
      allowance: { uploadsLeft: 1, bytesLeft: 2048, retryAfterMs: 0 },
      form: { title: HOSTILE, text: HOSTILE, collection: "shelf" },
      problem: HOSTILE,
      uploaded: book,
    }),
  },
  { name: "admin", page: adminStartPage(admin) },
  { name: "readers", page: readersPage({ ...admin, readers: [{ id: HOSTILE, name: HOSTILE, role: "reader" }] }) },
  { name: "collections", page: collectionsPage({ ...admin, collections, problem: HOSTILE }) },
  {
    name: "audit",
    page: auditPage({ ...admin, columns: [HOSTILE], rows: [[HOSTILE], [1]], summary: HOSTILE, olderHref: "/admin/audit?before=1" }),
  },
  { name: "empty audit", page: auditPage({ ...admin, columns: ["Time"], rows: [] }) },
  { name: "settings without a reader", page: settingsPage({ notice, choices: [] }) },
  {
    name: "settings",
    page: settingsPage({
      ...admin,
      notice,
      choices: [
        purpose,
        { ...purpose, purpose: "counts", since: activity.time, consent: HOSTILE, entries: 3 },
        { ...purpose, purpose: "old", changed: true },
      ],
      message: HOSTILE,
    }),
  },
  { name: "empty journal", page: journalPage({ ...admin, agreed: false, entries: [], total: 0, accesses: [] }) },
  {
    name: "journal",
    page: journalPage({
      ...admin,
      agreed: true,
      entries: [
        { ...activity, activity: "search", query: HOSTILE },
        { ...activity, activity: "read", resourceType: "section", resourceId: HOSTILE, details: { title: HOSTILE, heading: HOSTILE } },
        { ...activity, activity: "note", query: HOSTILE },
      ],
      total: 3,
      olderHref: "/journal?before=1",
      accesses: [{ time: activity.time, who: HOSTILE, what: HOSTILE, purpose: HOSTILE }],
      message: HOSTILE,
    }),
  },
  { name: "sign-in", page: signInPage({ refused: true }) },
  { name: "403", page: forbiddenPage(admin) },
  { name: "404", page: notFoundPage({}) },
  { name: "429", page: tooManyRequestsPage({ retryAfterSeconds: 90 }) },
  { name: "500", page: serverErrorPage({ requestId: HOSTILE }) },
];

const VOID = new Set(["meta", "link", "input"]);

/** Tags in order; fails on anything that is no well-formed tag. */
function tagsOf(
  page: string,
): readonly { readonly name: string; readonly closing: boolean; readonly attributes: ReadonlyMap<string, string> }[] {
  const tags = [...page.matchAll(/<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)>/g)];
  const rest = page.replace("<!doctype html>", "").replace(/<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)>/g, "");
  expect(rest).not.toMatch(/[<>"]/);
  return tags.map(([, slash, name, attributes]) => ({
    name: name!,
    closing: slash === "/",
    attributes: new Map([...attributes!.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(([, key, value]) => [key!, value ?? ""])),
  }));
}

describe("the html template", () => {
  it("escapes text and leaves markup of its own", () => {
    expect(html`<a title="${`"'<&>`}">${[html`<b>${1}</b>`, "<i>", undefined, false]}</a>`.toString()).toBe(
      '<a title="&quot;&#39;&lt;&amp;&gt;"><b>1</b>&lt;i&gt;</a>',
    );
  });
});

describe.each(PAGES)("the $name page", ({ page }) => {
  it("is well-formed with hostile values", () => {
    const open: string[] = [];
    for (const { name, closing } of tagsOf(page)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (!VOID.has(name)) open.push(name);
    }
    expect(open).toEqual([]);
  });

  it("has no script, inline style or foreign resource", () => {
    for (const { name, attributes } of tagsOf(page)) {
      expect(["script", "style", "img", "iframe", "base"]).not.toContain(name);
      expect([...attributes.keys()].filter((key) => key === "style" || key.startsWith("on"))).toEqual([]);
      for (const key of ["href", "src", "action"]) expect(attributes.get(key) ?? "/").toMatch(/^[/#](?!\/)/);
    }
  });

  it("has labels, headings and landmarks", () => {
    const tags = tagsOf(page).filter(({ closing }) => !closing);
    const attribute = (name: string, key: string) => tags.filter((tag) => tag.name === name).map(({ attributes }) => attributes.get(key));
    expect(page.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(attribute("a", "class")[0]).toBe("skip");
    const ids = tags.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const levels = tags.flatMap(({ name }) => (/^h\d$/.test(name) ? [Number(name[1])] : []));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    const fields = tags.filter(
      ({ name, attributes }) => ["input", "select", "textarea"].includes(name) && attributes.get("type") !== "hidden",
    );
    const labelled = attribute("label", "for");
    expect(fields.filter(({ attributes }) => !labelled.includes(attributes.get("id")))).toEqual([]);
    const referenced = tags
      .flatMap(({ attributes }) => [attributes.get("aria-labelledby"), attributes.get("aria-describedby")])
      .filter(Boolean);
    expect(referenced.filter((id) => !ids.includes(id!))).toEqual([]);
    expect(attribute("main", "id")).toEqual(["main"]);
  });
});

describe("the search page", () => {
  it("marks hits and links to the section and the next page", () => {
    const result = {
      passages: [{ ...passage, title: "Tea & Co", author: "", heading: "", snippet: [{ text: "hot", hit: true }] }],
      more: true,
    };
    const page = searchPage({ collections, query: "hot tea", collection: "shelf", result });
    expect(page).toContain('<h3><a href="/books/7/sections/2">Tea &amp; Co</a></h3>');
    expect(page).toContain("<p><mark>hot</mark></p>");
    expect(page).toContain('<a rel="next" href="/?q=hot+tea&amp;collection=shelf&amp;page=2">Next page</a>');
    expect(page).not.toContain("Previous page");
  });
});

describe("the upload page", () => {
  it("keeps the typed values after a refusal", () => {
    const page = uploadPage({ collections, form: { title: "A", text: "\nfirst line", collection: "shelf" }, problem: "no" });
    expect(page).toContain('<textarea id="text" name="text" rows="14" required aria-describedby="problem">\n\nfirst line</textarea>');
  });
});

describe("the menu", () => {
  it("shows the admin pages to admins only", () => {
    const as = (role: "reader" | "admin") => notFoundPage({ reader: { id: "x", name: "X", role } }).includes('href="/admin"');
    expect([as("admin"), as("reader"), notFoundPage({}).includes('href="/admin"')]).toEqual([true, false, false]);
  });
});

describe("the style sheet", () => {
  it("has dark mode and focus, and loads no resource", () => {
    const style = readFileSync(STYLE_SHEET, "utf8");
    expect(style).not.toMatch(/url\(|@import/);
    expect(style).toMatch(/prefers-color-scheme: dark/);
    expect(style).toMatch(/:focus-visible/);
    expect(CONTENT_SECURITY_POLICY).not.toContain("unsafe");
  });
});
