export { runInContext } from "./context/request-context.ts";
export { type Follower, HttpAudit } from "./http/http-audit.ts";
export type { ExchangeSource, HttpAuditOptions, HttpObservation, UserAnswer } from "./http/http-audit-options.ts";
export { HttpExchange, UNMATCHED } from "./http/http-exchange.ts";
export { type DefaultAuditLog, openDefaultAuditLog } from "./recording/default-audit-log.ts";
