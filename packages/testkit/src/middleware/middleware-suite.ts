import { describe } from "vitest";
import { describeNaughtyStrings, type NaughtyStrings } from "../store/naughty-strings.ts";
import { describeHeldAnswers } from "./held-answers.ts";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { describeContext, type SpanRunner } from "./request-context-cases.ts";
import { describeOutcomes } from "./request-outcomes.ts";
import { describeLevels } from "./route-level-cases.ts";

export interface MiddlewareSuiteOptions {
  /** Runs work in a span of the real OpenTelemetry API, or the case is skipped. */
  readonly spans?: SpanRunner;
  /** Hostile texts sent as path, header, user, key and value. Default: none, and the case says so. */
  readonly strings?: NaughtyStrings;
}

/**
 * Everything a middleware for Daybook promises, as tests over real connections: one event of each kind per request with its true
 * outcome, the context of records made far away, levels, and answers that wait for durable records.
 */
export function describeMiddleware(name: string, subject: MiddlewareUnderTest, options: MiddlewareSuiteOptions = {}): void {
  const { spans, strings = { missing: "no strings were given to the suite" } } = options;
  describe(`middleware contract: ${name}`, () => {
    describeOutcomes(subject);
    describeContext(subject, spans);
    describeLevels(subject);
    describeHeldAnswers(subject);
    describeNaughtyStrings(subject, strings);
  });
}
