import { describe } from "vitest";
import { describeDenials } from "./denial-cases.ts";
import { describeDepartedClients } from "./departed-client-cases.ts";
import { describeHeldResponses } from "./held-response-cases.ts";
import { describeHostileText, type NaughtyStrings } from "./hostile-text-cases.ts";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { describeMountedRouters } from "./mounted-router-cases.ts";
import { describeRawResponses } from "./raw-response-cases.ts";
import { describeContext, type SpanRunner } from "./request-context-cases.ts";
import { describeOutcomes } from "./request-outcome-cases.ts";
import { describeResponseWrappers } from "./response-wrapper-cases.ts";
import { describeLevels } from "./route-level-cases.ts";
import { describeUpgrades } from "./upgrade-cases.ts";

/** Options of `describeMiddleware`. */
export interface MiddlewareSuiteOptions {
  /** Runs work in a span of the real OpenTelemetry API, or the case is skipped. */
  readonly spans?: SpanRunner;
  /** Hostile texts sent as path, header, user, key and value. Default: none, and the case says so. */
  readonly strings?: NaughtyStrings;
}

/**
 * Runs the contract of a middleware as tests over real connections: one event of each kind per request with its true outcome, the
 * context of later records, levels, and responses that wait for durable records.
 */
export function describeMiddleware(name: string, subject: MiddlewareUnderTest, options: MiddlewareSuiteOptions = {}): void {
  const { spans, strings = { missing: "no strings were given to the suite" } } = options;
  describe(`middleware contract: ${name}`, () => {
    describeOutcomes(subject);
    describeDepartedClients(subject);
    describeDenials(subject);
    describeMountedRouters(subject);
    describeUpgrades(subject);
    describeContext(subject, spans);
    describeLevels(subject);
    describeHeldResponses(subject);
    describeRawResponses(subject);
    describeResponseWrappers(subject);
    describeHostileText(subject, strings);
  });
}
