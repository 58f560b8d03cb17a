import type { FilledStackOptions } from "./stack-options.ts";

export const prometheusFile = ({
  job,
}: FilledStackOptions) => `# Scrapes the application and evaluates the rules. promtool check config prometheus.yml
global:
  # A failing store has to be known within a minute: scrape, evaluation and the 10 s of the pager's group have to fit.
  scrape_interval: 15s
  scrape_timeout: 10s
  evaluation_interval: 15s

rule_files:
  - rules/daybook.yml

alerting:
  alertmanagers:
    - static_configs:
        - targets: ['alertmanager:9093']

scrape_configs:
  - job_name: ${job}
    # Read again when it changes; a second instance is a second line.
    file_sd_configs:
      - files: ['targets/${job}.yml']

  - job_name: prometheus
    static_configs:
      - targets: ['localhost:9090']

  - job_name: alertmanager
    static_configs:
      - targets: ['alertmanager:9093']

  - job_name: loki
    static_configs:
      - targets: ['loki:3100']

  - job_name: collector
    static_configs:
      - targets: ['collector:8888']
`;

export const targetsFile = ({
  target,
}: FilledStackOptions) => `# Where the application serves its metrics, as seen from the Prometheus container. Of an application in this compose file: app:9464
- targets:
    - ${target}
`;
