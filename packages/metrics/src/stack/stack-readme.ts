import type { FilledStackOptions } from "./stack-options.ts";

export const readmeFile = ({ job, grafanaUrl }: FilledStackOptions) => `# Monitoring of the audit trail

Prometheus, Alertmanager, Grafana, Loki and a collector on one host, written by \`daybook monitoring init\`. These files are yours: change
and commit them. Running it again overwrites nothing unless told \`--force\`.

1. \`.env\` holds the password of Grafana's user \`admin\`. It and \`secrets/\` stay out of git.
2. Put the addresses and keys of your receivers into \`secrets/\` (see its README), and your mail server and channels into
   \`alertmanager/alertmanager.yml\`.
3. \`prometheus/targets/${job}.yml\` says where the application serves its metrics. A process on this host has to listen where
   containers reach it, not on 127.0.0.1 alone.
4. \`docker compose up -d\`, then open ${grafanaUrl}.

| | |
|---|---|
| Grafana | ${grafanaUrl} |
| Prometheus | http://localhost:9090 |
| Alertmanager | http://localhost:9093 |
| OTLP, for \`otlpSink\` | http://localhost:4318/v1/logs |

Before a change of rules goes live:

\`\`\`sh
promtool check config prometheus/prometheus.yml
promtool test rules prometheus/rules/*_test.yml
amtool check-config alertmanager/alertmanager.yml
amtool config routes test --config.file alertmanager/alertmanager.yml team=privacy severity=critical
\`\`\`
`;

export const secretsReadmeFile = `# Secrets

One file each, the value alone, without a line break at the end: \`printf %s "$VALUE" > slack_url\`. The containers read this folder as
users of their own, so the files need mode 0644; keep the folder above closed to others. None of them is committed.

| File | Is |
|---|---|
| \`slack_url\` | incoming webhook of Slack |
| \`pagerduty_sre_key\`, \`pagerduty_security_key\` | integration keys (Events API v2) |
| \`smtp_password\` | password of the mail server |
| \`deadman_token\` | bearer token of the service that waits for the heartbeat |
| \`alerts_token\` | bearer token the application expects where it records alerts |
`;
