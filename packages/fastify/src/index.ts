export { type AuditMiddlewareOptions, auditMiddleware } from "./audit-middleware.ts";
export { type AuditPluginOptions, auditPlugin, auditPlugin as default, DEFAULT_FLUSH_DEADLINE_MS } from "./audit-plugin.ts";
export type { RawRequest } from "./raw-request.ts";
