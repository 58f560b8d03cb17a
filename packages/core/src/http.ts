export { runInContext } from "./context/request-context.ts";
export {
  type ExchangeSource,
  HttpAudit,
  type HttpAuditOptions,
  HttpExchange,
  type HttpObservation,
  UNMATCHED,
  type UserAnswer,
} from "./http/http-exchange.ts";
export { type DefaultAuditLog, openDefaultAuditLog } from "./recording/default-audit-log.ts";
