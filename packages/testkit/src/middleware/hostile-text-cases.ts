import { Agent } from "node:http";
import type { AddressInfo } from "node:net";
import { noteRecorded } from "@daybook/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { present } from "../store/present.ts";
import { ask, type RequestOptions } from "./http-client.ts";
import type { AppSetup, MiddlewareUnderTest } from "./middleware-under-test.ts";
import { type ServedApp, serve } from "./served-app.ts";

/** Strings that have broken software before, or why there are none. */
export type NaughtyStrings = readonly string[] | { readonly missing: string };

export function describeHostileText(subject: MiddlewareUnderTest, strings: NaughtyStrings): void {
  const missing = "missing" in strings ? strings.missing : undefined;
  const given = "missing" in strings ? [] : strings;

  describe.skipIf(missing !== undefined)(`a client that sends hostile text${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    it(`gets unchanged responses, one record each (${given.length} strings)`, { timeout: 120_000 }, async () => {
      let served: ServedApp | undefined;
      const setup = (): Omit<AppSetup, "audit"> => ({
        requestIdHeader: "x-request-id",
        routes: [
          { method: "GET", path: "/echo/:text", handle: (call) => call.send(200, { text: call.params.text ?? "" }) },
          {
            method: "POST",
            path: "/echo",
            handle: (call) => {
              const body = call.body as { key: string; fields: object };
              served?.audit.record(noteRecorded, {
                data: { note: body.key, fields: body.fields as never },
                resource: { type: "note", id: "1" },
              });
              call.send(200, body);
            },
          },
        ],
      });
      const bare = await subject.start(setup());
      onTestFinished(() => bare.close());
      served = await serve(subject, setup());
      const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
      onTestFinished(() => agent.destroy());

      let requests = 0;
      served.app.server.on("request", () => requests++);
      const differences: unknown[] = [];
      const compare = async (path: string, options: RequestOptions) => {
        const answers = await Promise.all(
          [(bare.server.address() as AddressInfo).port, present(served).port].map((port) =>
            ask(port, path, { agent, ...options }).then(
              ({ status, body }) => `${status} ${body.toString("latin1")}`,
              (error: NodeJS.ErrnoException) => `refused ${error.code}`,
            ),
          ),
        );
        if (answers[0] !== answers[1]) differences.push({ path, options, answers });
      };
      const sendAll = async (text: string) => {
        const encoded = encodeURIComponent(text);
        // Header values go out as bytes; values that the client of Node refuses are left out.
        const header = Buffer.from(text, "utf8")
          .toString("latin1")
          .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "");
        await compare(`/echo/${encoded}`, {
          headers: { "user-agent": header, "x-request-id": header, traceparent: header, "x-forwarded-for": header },
        });
        await compare(rawPath(text), {});
        await compare("/echo", {
          method: "POST",
          headers: { "content-type": "application/json", "x-user": encoded },
          body: JSON.stringify({ key: text, fields: Object.fromEntries([[text, text]]) }),
        });
      };
      for (let at = 0; at < given.length; at += CLIENTS) await Promise.all(given.slice(at, at + CLIENTS).map(sendAll));
      expect(differences).toEqual([]);
      const completed = (await served.events(requests)).filter((event) => event.action === "request.completed");
      expect(requests).toBeGreaterThan(given.length * 2);
      expect(completed).toHaveLength(subject.supports.malformedUrls ? requests : completed.length);
      expect(completed.length).toBeGreaterThan(requests * 0.95);
      // A path never reaches a record, whatever it is.
      const routes = new Set(completed.map((event) => event.request?.route));
      expect([...routes].filter((route) => !["/echo/:text", "/echo", "(unmatched)"].includes(present(route)))).toEqual([]);
      expect(served.problems.filter((problem) => problem.code !== "BAD_EVENT")).toEqual([]);
    });
  });
}

const CLIENTS = 8;

/** The text as a path that the client of Node sends as it is. */
const rawPath = (text: string) =>
  `/echo/${Buffer.from(text, "utf8")
    .toString("latin1")
    .replaceAll(/[^\x21-\xff]/g, "")}`;
