export { type AuditMiddlewareOptions, auditErrorMiddleware, auditMiddleware } from "./audit-middleware.ts";
