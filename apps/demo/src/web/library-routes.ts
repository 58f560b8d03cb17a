import { readFileSync } from "node:fs";
import {
  type AuditLog,
  contentIngested,
  documentsRetrieved,
  loginFailed,
  loginSucceeded,
  queryReceived,
  sessionEnded,
  trailRead,
} from "@daybook/core";
import { defined } from "@daybook/core/store";
import type { Metrics } from "@daybook/metrics";
import { DEFAULT_COLLECTION } from "../library/collection-list.ts";
import type { Library } from "../library/library.ts";
import { LibraryError } from "../library/library-error.ts";
import { answerQuestion } from "../library/search/answer-question.ts";
import type { ModelOptions } from "../library/search/ask-model.ts";
import { adminStartPage, auditPage, collectionsPage, readersPage } from "../pages/admin-pages.ts";
import { booksPage } from "../pages/books-page.ts";
import { notFoundPage, tooManyRequestsPage } from "../pages/error-pages.ts";
import { bookPage, noticePage, readPage } from "../pages/read-page.ts";
import { searchPage } from "../pages/search-page.ts";
import { signInPage } from "../pages/sign-in-page.ts";
import { STYLE_SHEET } from "../pages/style-sheet.ts";
import { uploadPage } from "../pages/upload-page.ts";
import { bookRead, bookUploaded, collectionAdded, collectionRemoved, readerRemoved, readersViewed } from "../trail/events.ts";
import type { Privacy } from "../trail/privacy.ts";
import { pageContext } from "./page-context-of.ts";
import { eraseReader, noteJournalEntry, privacyRoutes, routesWithoutPrivacy } from "./privacy-routes.ts";
import type { Route, WebRequest, WebResponse } from "./route.ts";
import { type Sessions, signedInCookie, signedOutCookie } from "./sessions.ts";

export interface House {
  readonly library: Library;
  readonly audit: AuditLog;
  /** Undefined if the store keeps no journals. */
  readonly privacy: Privacy | undefined;
  readonly metrics: Metrics;
  readonly sessions: Sessions;
  readonly model?: ModelOptions | undefined;
}

const PAGE_SIZE = 10;
const AUDIT_COLUMNS = ["No.", "Time (UTC)", "Type", "Action", "Outcome", "Who", "Where", "State"];

const notFound = (request: WebRequest): WebResponse => ({ status: 404, body: notFoundPage(pageContext(request)) });

/** All routes of the library. The middleware records requests, denials, quota hits and errors, without code in here. */
export function libraryRoutes({ library, audit, privacy, sessions, model }: House): readonly Route[] {
  const styleSheet = readFileSync(STYLE_SHEET, "utf8");

  async function search(request: WebRequest): Promise<WebResponse> {
    const page = pageContext(request);
    const query = (request.query.get("q") ?? "").trim().slice(0, 500);
    const collection = request.query.get("collection") || undefined;
    const collections = library.collections();
    if (query === "") return { body: searchPage({ ...page, collections, query }) };
    const pageNumber = Math.max(1, Math.min(1_000, Number.parseInt(request.query.get("page") ?? "1", 10) || 1));
    const begun = performance.now();
    const result = library.search(query, {
      limit: PAGE_SIZE,
      offset: (pageNumber - 1) * PAGE_SIZE,
      ...defined({ collection }),
    });
    const answer =
      pageNumber === 1
        ? await answerQuestion(library, query, {
            ...defined({ collection }),
            ...defined({ model }),
          })
        : undefined;
    const durationMs = Math.round(performance.now() - begun);
    // The words of a search are private: the trail gets their number only.
    audit.record(queryReceived, { data: { length: query.length, strategy: "full-text", results: result.passages.length, durationMs } });
    // The reader's own journal may have them, if the reader consented.
    noteJournalEntry(privacy, request.reader?.id, "search", { query, found: result.passages.length });
    if (result.passages.length > 0) {
      audit.record(documentsRetrieved, {
        data: { documents: result.passages.map((passage) => `${passage.bookId}/${passage.position}`), strategy: "full-text" },
      });
    }
    return {
      body: searchPage({
        ...page,
        collections,
        query,
        pageNumber,
        pageSize: PAGE_SIZE,
        result,
        ...defined({ collection }),
        ...defined({ answer }),
      }),
    };
  }

  function read(request: WebRequest): WebResponse {
    const book = library.book(Number(request.params.id));
    const section = book && library.section(book.id, Number(request.params.section));
    if (book === undefined || section === undefined) return notFound(request);
    audit.record(bookRead, { resource: { type: "book", id: String(book.id) }, data: { section: section.position } });
    noteJournalEntry(privacy, request.reader?.id, "read", {
      book: book.id,
      section: section.position,
      title: book.title,
      heading: section.heading,
    });
    return { body: readPage({ ...pageContext(request), book, section }) };
  }

  function upload(request: WebRequest): WebResponse {
    const { form, reader } = request;
    const page = { ...pageContext(request), collections: library.collections() };
    const sent = { title: form.get("title") ?? "", text: form.get("text") ?? "", collection: form.get("collection") || DEFAULT_COLLECTION };
    const begun = performance.now();
    try {
      const format = form.get("format") === "markdown" ? "markdown" : "text";
      const { book } = library.addBook({ ...sent, format, ...defined({ userId: reader?.id }) });
      audit.record(bookUploaded, {
        resource: { type: "book", id: String(book.id) },
        data: { title: book.title, collection: book.collection, count: book.sections, bytes: book.bytes },
      });
      return {
        body: uploadPage({ ...page, uploaded: book, ...(reader?.role === "reader" ? { allowance: library.allowance(reader.id) } : {}) }),
      };
    } catch (error) {
      if (!(error instanceof LibraryError)) throw error;
      if (error.code === "QUOTA_EXCEEDED" && reader !== undefined) {
        const retryAfterSeconds = Math.max(1, Math.ceil(library.allowance(reader.id).retryAfterMs / 1000));
        audit.deny({ resource: { type: "collection", id: sent.collection }, reason: "quota_exceeded", policy: "uploads-per-day" });
        return {
          status: 429,
          body: tooManyRequestsPage({ ...pageContext(request), retryAfterSeconds }),
          headers: { "retry-after": String(retryAfterSeconds) },
        };
      }
      audit.record(contentIngested, {
        outcome: "failure",
        severity: "warning",
        error: { code: error.code },
        data: { source: "upload", status: "refused", collection: sent.collection, durationMs: Math.round(performance.now() - begun) },
      });
      return { status: 400, body: uploadPage({ ...page, form: sent, problem: error.message }) };
    }
  }

  function signIn(request: WebRequest): WebResponse {
    const reader = library.readerByToken(request.form.get("token") ?? "");
    if (reader === undefined) {
      audit.record(loginFailed, { data: { method: "token" } });
      return { status: 401, body: signInPage({ ...pageContext(request), refused: true }) };
    }
    const session = sessions.open(reader.id);
    audit.record(loginSucceeded, { actor: { kind: "user", id: reader.id, sessionId: session.id }, data: { method: "token" } });
    return { location: "/", headers: { "set-cookie": signedInCookie(session) } };
  }

  function signOut({ session }: WebRequest): WebResponse {
    if (session !== undefined) {
      audit.record(sessionEnded);
      sessions.close(session);
    }
    return { location: "/", headers: { "set-cookie": signedOutCookie } };
  }

  function addCollection(request: WebRequest): WebResponse {
    try {
      const collection = library.addCollection(request.form.get("name") ?? "", request.form.get("description") ?? "");
      audit.record(collectionAdded, { resource: { type: "collection", id: collection.slug }, data: { name: collection.name } });
      return { location: "/admin/collections" };
    } catch (error) {
      if (!(error instanceof LibraryError)) throw error;
      return {
        status: 400,
        body: collectionsPage({ ...pageContext(request), collections: library.collections(), problem: error.message }),
      };
    }
  }

  async function removeCollection(request: WebRequest): Promise<WebResponse> {
    const collection = library.collection(request.params.slug ?? "");
    if (collection === undefined) return notFound(request);
    if (collection.slug === DEFAULT_COLLECTION) {
      const problem = "The shelf is where books go that name no collection, so it stays.";
      return { status: 400, body: collectionsPage({ ...pageContext(request), collections: library.collections(), problem }) };
    }
    const resource = { type: "collection", id: collection.slug };
    await audit.record(collectionRemoved, { resource, data: { books: collection.books } }).stored;
    library.removeCollection(collection.slug);
    return { location: "/admin/collections" };
  }

  async function removeReader(request: WebRequest): Promise<WebResponse> {
    const id = request.params.id ?? "";
    if (library.reader(id) === undefined) return notFound(request);
    // First the record, then the removal: a removal that cannot be recorded does not happen.
    await audit.record(readerRemoved, { subjects: [{ id, role: "target" }], resource: { type: "reader" } }).stored;
    library.removeReader(id);
    sessions.closeAllOf(id);
    if (privacy !== undefined) await eraseReader(audit, privacy, id);
    return { location: "/admin/readers" };
  }

  async function showTrail(request: WebRequest): Promise<WebResponse> {
    const { store } = audit;
    if (store === undefined) return notFound(request);
    const before = request.query.get("before");
    const { events, next } = await store.query(
      {},
      { limit: 50, ...(before !== null && /^\d{1,15}$/.test(before) ? { cursor: before } : {}) },
    );
    audit.record(trailRead, { data: { verb: "view", records: events.length } });
    const rows = events.map((event) => [
      event.seq,
      event.time?.replace("T", " ").replace("Z", "") ?? "",
      event.type ?? "",
      event.action ?? "",
      event.outcome ?? "",
      event.actor?.id ?? event.actor?.kind ?? "",
      event.request?.route ?? "",
      event.state,
    ]);
    return {
      body: auditPage({
        ...pageContext(request),
        columns: AUDIT_COLUMNS,
        rows,
        ...defined({ olderHref: next && `/admin/audit?before=${next}` }),
      }),
    };
  }

  return [
    { method: "GET", path: "/", handle: search },
    { method: "GET", path: "/style.css", audit: "none", handle: () => ({ body: styleSheet, type: "text/css; charset=utf-8" }) },
    {
      method: "GET",
      path: "/books",
      handle: (request) => {
        const collection = request.query.get("collection") || undefined;
        const filter = defined({ collection });
        return {
          body: booksPage({ ...pageContext(request), collections: library.collections(), books: library.books(filter), ...filter }),
        };
      },
    },
    {
      method: "GET",
      path: "/books/:id",
      handle: (request) => {
        const book = library.book(Number(request.params.id));
        return book === undefined
          ? notFound(request)
          : { body: bookPage({ ...pageContext(request), book, contents: library.contents(book.id) }) };
      },
    },
    { method: "GET", path: "/books/:id/sections/:section", handle: read },
    {
      method: "GET",
      path: "/books/:id/notice",
      handle: (request) => {
        const book = library.book(Number(request.params.id));
        return book === undefined
          ? notFound(request)
          : { body: noticePage({ ...pageContext(request), book, notice: library.notice(book.id) ?? "" }) };
      },
    },
    {
      method: "GET",
      path: "/upload",
      role: "reader",
      handle: (request) => {
        const { reader } = request;
        const allowance = reader?.role === "reader" ? { allowance: library.allowance(reader.id) } : {};
        return { body: uploadPage({ ...pageContext(request), collections: library.collections(), ...allowance }) };
      },
    },
    { method: "POST", path: "/upload", role: "reader", handle: upload },
    { method: "GET", path: "/sign-in", handle: (request) => ({ body: signInPage(pageContext(request)) }) },
    { method: "POST", path: "/sign-in", handle: signIn },
    { method: "POST", path: "/sign-out", handle: signOut },
    ...(privacy === undefined ? routesWithoutPrivacy : privacyRoutes(audit, privacy)),
    { method: "GET", path: "/admin", role: "admin", handle: (request) => ({ body: adminStartPage(pageContext(request)) }) },
    {
      method: "GET",
      path: "/admin/readers",
      role: "admin",
      handle: (request) => {
        const readers = library.readers();
        // Each listed reader can later see that an administrator looked, and why.
        audit.record(readersViewed, {
          subjects: readers.filter(({ id }) => id !== request.reader?.id).map(({ id }) => ({ id })),
          purpose: "reader_administration",
        });
        return { body: readersPage({ ...pageContext(request), readers }) };
      },
    },
    { method: "POST", path: "/admin/readers/:id/remove", role: "admin", audit: "always", handle: removeReader },
    {
      method: "GET",
      path: "/admin/collections",
      role: "admin",
      handle: (request) => ({ body: collectionsPage({ ...pageContext(request), collections: library.collections() }) }),
    },
    { method: "POST", path: "/admin/collections", role: "admin", handle: addCollection },
    { method: "POST", path: "/admin/collections/:slug/remove", role: "admin", audit: "always", handle: removeCollection },
    { method: "GET", path: "/admin/audit", role: "admin", handle: showTrail },
  ];
}
