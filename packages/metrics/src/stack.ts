export { monitoringStack } from "./stack/monitoring-stack.ts";
export type { StackOptions } from "./stack/stack-options.ts";
