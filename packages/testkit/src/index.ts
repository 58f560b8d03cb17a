export { type ControlledStore, controlledStore } from "./controlled-store.ts";
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
