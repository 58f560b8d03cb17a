/**
 * Prints the end of a CI run: tests that passed only after a retry, then the line `N passed, N failed`.
 * Arguments: report of the test run (JSON), file with the retried tests, exit status of the tests, number of failed gates.
 */
import { existsSync, readFileSync } from "node:fs";

const [reportPath, retriedPath, status, gates] = process.argv.slice(2);
const report = existsSync(reportPath)
  ? JSON.parse(readFileSync(reportPath, "utf8"))
  : { numPassedTests: 0, numFailedTests: 0, testResults: undefined };
const broken = report.testResults
  ? report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
  : 1;
let failed = report.numFailedTests + broken + Number(gates);
if (failed === 0 && status !== "0") failed = 1;

const retried = existsSync(retriedPath) ? readFileSync(retriedPath, "utf8").split("\n").filter(Boolean) : [];
console.log(`${retried.length} tests passed only after a retry${retried.length === 0 ? "" : ":"}`);
for (const name of retried) console.log(`  ${name}`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
