import type { Plugin } from "esbuild";

/**
 * For the build that has commander inside: without `node:child_process`, which commander needs for verbs that are programs of their
 * own, of which there are none, and which takes half as long to load as commander itself.
 */
export const commanderInside: Plugin = {
  name: "commander-inside",
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes("commander") ? { path, namespace: "when-needed" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "when-needed" }, () => ({
      contents: 'export default { spawn: (...args) => process.getBuiltinModule("node:child_process").spawn(...args) };',
    }));
  },
};
