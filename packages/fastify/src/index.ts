export { type AuditMiddlewareOptions, auditMiddleware } from "./audit-middleware.ts";
export { type AuditPluginOptions, auditPlugin, auditPlugin as default, auditScope } from "./audit-plugin.ts";
export type { RawRequest } from "./unrouted-request.ts";
