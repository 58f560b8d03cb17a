import type { Command } from "commander";
import type { MonitoringInitOptions } from "../actions/monitoring.ts";
import type { Done } from "../process/exit-status.ts";

export function addMonitoring(program: Command, done: Done): void {
  const monitoring = program.command("monitoring").description("metrics, dashboards, alerts and logs of an application and its trail");
  monitoring
    .command("init")
    .description("write a Prometheus, Alertmanager, Grafana and Loki stack as files of your repository")
    .option("--dir <folder>", "the folder", "monitoring")
    .option("--force", "overwrite files that differ; secrets and .env are still kept")
    .option("--job <name>", "name of the scrape job (default: daybook)")
    .option("--target <host:port>", "address of the metrics of the application, as containers see it (default: host.docker.internal:9464)")
    .option("--search-route <template>", "route whose latency has an alert of its own (default: /search)")
    .option("--grafana-url <url>", "address of Grafana for people; alerts link there (default: http://localhost:3001)")
    .option("--runbooks-url <url>", "folder of the runbooks that alerts link to (default: those of Daybook)")
    .addHelpText(
      "after",
      `
Exit status: 0 all files are up to date, 2 wrong usage, 4 files that differ were kept.

Examples:
  daybook monitoring init
  daybook monitoring init --dir ops/monitoring --target app:9464 --search-route /api/search
  daybook monitoring init --force`,
    )
    .action(async (options: MonitoringInitOptions) => done(await (await import("../actions/monitoring.ts")).init(options)));
}
