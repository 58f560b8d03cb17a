export { type AuditMiddlewareOptions, auditMiddleware } from "./audit-middleware.ts";
export { type AuditPluginOptions, auditPlugin, auditPlugin as default } from "./audit-plugin.ts";
export type { RawRequest } from "./unrouted-request.ts";
