/** A vitest reporter that lists the tests which passed only after a retry: a flaky test is a bug, and must not hide behind a retry. */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class RetryReporter implements Reporter {
  readonly #path: string;

  /** @param options `path`: file that gets one name a line; empty if no test was retried */
  constructor({ path }: { readonly path: string }) {
    this.#path = path;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const names: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky) names.push(`${module.relativeModuleId} > ${test.fullName}\n`);
      }
    }
    writeFileSync(this.#path, names.join(""));
  }
}
