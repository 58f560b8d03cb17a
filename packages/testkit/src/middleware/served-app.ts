import type { AddressInfo } from "node:net";
import { type AuditEvent, type AuditLog, type AuditLogOptions, createAuditLog, type DaybookError } from "@daybook/core";
import { onTestFinished } from "vitest";
import { type ControlledStore, controlledStore } from "../store/controlled-store.ts";
import { type Answer, ask, type RequestOptions } from "./http-client.ts";
import type { AppSetup, MiddlewareUnderTest, RunningApp } from "./middleware-under-test.ts";
import { type RawConnection, rawConnection } from "./raw-connection.ts";

/** An application of the suite while it runs, with the log it writes to; it ends with the test. */
export interface ServedApp {
  readonly app: RunningApp;
  readonly port: number;
  readonly audit: AuditLog;
  readonly store: ControlledStore;
  readonly problems: readonly DaybookError[];
  ask(path: string, options?: RequestOptions): Promise<Answer>;
  connect(): Promise<RawConnection>;
  /** All events, once this many requests are complete and everything else has had time to come. Default 1. */
  events(requests?: number): Promise<readonly AuditEvent[]>;
  /** The same, one line each: action, outcome, method, route, status. */
  trail(requests?: number): Promise<readonly string[]>;
}

/** Long enough for a second record of the same request to show, short enough for many tests. */
const GRACE_MS = 15;

export async function serve(
  subject: MiddlewareUnderTest,
  setup: Omit<AppSetup, "audit">,
  log: Partial<AuditLogOptions> = {},
): Promise<ServedApp> {
  const store = controlledStore();
  const problems: DaybookError[] = [];
  const audit = createAuditLog({ store, signals: false, onProblem: (error) => problems.push(error), ...log });
  const app = await subject.start({ ...setup, audit });
  const { port } = app.server.address() as AddressInfo;
  const connections: RawConnection[] = [];
  onTestFinished(async () => {
    // A connection that was upgraded is no longer the server's to close.
    for (const { socket } of connections) socket.destroy();
    store.failWith(undefined);
    store.resume();
    app.server.closeAllConnections();
    await app.close();
    await audit.close();
  });
  const events = async (requests = 1) => {
    await eventually(() => store.events.filter((event) => event.action === "request.completed").length >= requests);
    await pause(GRACE_MS);
    await audit.flush();
    // Nothing is erased here, so every event is whole.
    return store.events as readonly AuditEvent[];
  };
  return {
    app,
    port,
    audit,
    store,
    problems,
    events,
    ask: (path, options) => ask(port, path, options),
    async connect() {
      const connection = await rawConnection(port);
      connections.push(connection);
      return connection;
    },
    trail: async (requests) => (await events(requests)).map(lineOf),
  };
}

export const lineOf = ({ action, outcome, request }: AuditEvent): string =>
  `${action} ${outcome} ${request?.method ?? "-"} ${request?.route ?? "-"} ${request?.status ?? "-"}`;

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves when `holds` returns true, or after five seconds: the next assertion says more than a timeout. */
export async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!holds() && performance.now() < end) await pause(2);
}
