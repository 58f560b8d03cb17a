export type { NaughtyStrings } from "./middleware/hostile-text-cases.ts";
export { describeMiddleware, type MiddlewareSuiteOptions } from "./middleware/middleware-suite.ts";
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
} from "./middleware/middleware-under-test.ts";
export type { SpanRunner } from "./middleware/request-context-cases.ts";
export { describeAuditSink, type SinkUnderTest } from "./store/audit-sink-suite.ts";
export { describeAuditStore, type StoreUnderTest } from "./store/audit-store-suite.ts";
export { type ControlledStore, controlledStore } from "./store/controlled-store.ts";
export { type ExpectedRecord, expectAudited, expectNotAudited, testAuditLog } from "./store/expect-audited.ts";
export { describeStoreFaults, type FaultModule, type FaultSuiteOptions, type StoreUnderFaults } from "./store/fault-suite.ts";
export { sampleEntry, sampleRecorded } from "./store/sample-events.ts";
