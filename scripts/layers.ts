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

/**
 * The rooms of each package: folders below `src`, from the bottom floor to the top. A file may import its own room and rooms of lower
 * floors; rooms of one floor do not import each other. A name that ends in `.ts` is a file directly in `src`. Files there that no floor
 * names stand above all floors.
 */
export const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  core: [
    ["json.ts", "daybook-error.ts", "defined.ts", "within.ts"],
    ["as-error.ts"],
    ["events", "minimise"],
    ["query"],
    ["contracts"],
    ["context", "spool"],
    ["delivery", "sinks"],
    ["recording"],
    ["http"],
  ],
  ledger: [["ledger-error.ts"], ["encoding", "merkle"], ["keys"], ["entry", "checkpoint"], ["removal"], ["verify"]],
  "store-sqlite": [
    ["database", "encoding"],
    ["buckets"],
    ["ledger"],
    ["reading"],
    ["persons"],
    ["erasure", "checkpoints"],
    ["retention"],
    ["verification"],
    ["writer", "maintenance"],
  ],
  gdpr: [["person"], ["journal"], ["consent"], ["requests", "export"], ["erasure"]],
  metrics: [["health", "serving"], ["instruments", "alerts"], ["stack"]],
  cli: [["process", "choices"], ["output"], ["trail", "witness"], ["actions"], ["verbs"]],
  testkit: [["store"], ["middleware"]],
};

/** Most files of one source folder, most lines of one source file and of one class. */
export const LIMITS = { filesPerFolder: 24, linesPerFile: 400, linesPerClass: 300 } as const;

/** Classes above the limit, with the reason; at most three. */
export const LONG_CLASSES: Readonly<Record<string, string>> = {};
