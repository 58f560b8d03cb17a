/** Most kB a package may have: packed, as it is downloaded, and unpacked, as it is on the disk. Raise one if a feature is worth it. */
export const SIZE_BUDGETS = {
  cli: [75, 240],
  core: [180, 700],
  express: [12, 45],
  fastify: [12, 45],
  gdpr: [95, 340],
  ledger: [135, 480],
  metrics: [100, 390],
  otlp: [12, 45],
  "store-sqlite": [480, 2_150],
  testkit: [70, 310],
};
