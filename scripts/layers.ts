/** Dependencies that are bundled into the build of a package, so that users do not install them. */
export const INSIDE: Readonly<Record<string, readonly string[]>> = { cli: ["commander"], "store-sqlite": ["kysely"] };

/** Which workspace packages a package may import. `cli` and `apps/*` may import any. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ledger: [],
  "store-sqlite": ["core", "ledger"],
  testkit: ["core", "ledger"],
  express: ["core"],
  fastify: ["core"],
  gdpr: ["core", "ledger"],
  metrics: ["core"],
  otlp: ["core"],
};
