export { describeAuditSink, type SinkUnderTest } from "./audit-sink-suite.ts";
export { describeAuditStore, type StoreUnderTest } from "./audit-store-suite.ts";
export { type ControlledStore, controlledStore } from "./controlled-store.ts";
export { type ExpectedRecord, expectAudited, expectNotAudited, testAuditLog } from "./expect-audited.ts";
export { describeStoreFaults, type FaultModule, type FaultSuiteOptions, type StoreUnderFaults } from "./fault-suite.ts";
export { describeMiddleware, type MiddlewareSuiteOptions } from "./middleware-suite.ts";
export {
  type AppSetup,
  type Call,
  type Extra,
  type MiddlewareFeatures,
  type MiddlewareUnderTest,
  type RunningApp,
  type SuiteMount,
  type SuiteRoute,
  signIn,
  userOf,
} from "./middleware-under-test.ts";
export type { NaughtyStrings } from "./naughty-strings.ts";
export type { SpanRunner } from "./request-context-cases.ts";
export { sampleEntry, sampleRecorded } from "./sample-events.ts";
