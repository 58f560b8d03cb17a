import { settingChanged } from "@daybook/core";
import type { Call, SuiteRoute } from "./middleware-under-test.ts";
import type { ServedApp } from "./served-app.ts";
import { pause } from "./served-app.ts";

/** Long enough for a byte to arrive that should be paused. */
export const WATCH_MS = 40;

export const get = (path: string, handle: SuiteRoute["handle"]): SuiteRoute => ({ method: "GET", path, handle });
export const post = (path: string, handle: SuiteRoute["handle"]): SuiteRoute => ({ method: "POST", path, handle });

/** The one route of the cases about held responses. */
export const heldRoute = (handle: SuiteRoute["handle"]): SuiteRoute[] => [get("/held", handle)];

/** A durable record, for which the response waits. */
export const change = (app: ServedApp) => app.audit.record(settingChanged, { data: { setting: "limit", to: "7" } });

export const ok = (call: Call) => call.send(200, "fine");

export const later = async (call: Call) => {
  await pause(1);
  call.send(200, "fine");
};

/** An exception that names a status, as frameworks understand it. */
export const refusal = (status: number) => Object.assign(new Error("refused"), { status, statusCode: status });
