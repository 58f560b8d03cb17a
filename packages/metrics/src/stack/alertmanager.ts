/**
 * Routing of alerts. Written so that the alertmanager of Debian 12 (0.25) reads it as well as the pinned one; secrets are files.
 */
export const alertmanagerFile = `# Routes of the alerts. Secrets are files in secrets/, see secrets/README.md; a receiver whose file is missing fails in the log of
# Alertmanager and does not affect other receivers. After a change: amtool check-config alertmanager.yml
global:
  resolve_timeout: 5m
  slack_api_url_file: /etc/alertmanager/secrets/slack_url
  smtp_smarthost: mail.example.org:587
  smtp_from: alerts@example.org
  smtp_auth_username: alerts@example.org
  smtp_auth_password_file: /etc/alertmanager/secrets/smtp_password

templates:
  - /etc/alertmanager/templates/*.tmpl

route:
  receiver: chat
  group_by: [alertname, job]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    # The heartbeat leaves first: silence at the other end is the alarm that all of this is broken.
    - receiver: dead-man
      matchers: ['alertname="Watchdog"']
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
    # The life of every other alert goes back into the audit trail.
    - receiver: daybook
      group_wait: 10s
      continue: true
    # Alerts about personal data go only to the people who are responsible for it.
    - receiver: privacy
      matchers: ['team="privacy"']
      routes:
        - receiver: privacy
          matchers: ['severity="critical"']
          group_wait: 10s
    - receiver: security-pager
      matchers: ['team="security"', 'severity="critical"']
      group_wait: 10s
      continue: true
    - receiver: sre-pager
      matchers: ['severity="critical"']
      group_wait: 10s
    - receiver: chat
      matchers: ['severity="warning"']

inhibit_rules:
  # Without its target nothing else about a job can be trusted, neither firing nor silence. Heartbeat and privacy stay: dates pass
  # whether or not a process answers.
  - source_matchers: ['alertname=~"DaybookTargetDown|DaybookTargetMissing"']
    target_matchers: ['alertname!~"DaybookTargetDown|DaybookTargetMissing|Watchdog"', 'team!="privacy"']
    equal: [job, instance]
  # One page about a thing is enough; a team's page never hides another team's ticket.
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity="warning"']
    equal: [job, team, area]

receivers:
  - name: dead-man
    webhook_configs:
      # An outside service that raises the alarm when this alert stops coming.
      - url: https://deadman.example.org/daybook
        send_resolved: false
        max_alerts: 1
        http_config:
          authorization:
            credentials_file: /etc/alertmanager/secrets/deadman_token

  - name: daybook
    webhook_configs:
      # alertHandler() of @daybook/metrics, mounted in the application.
      - url: http://host.docker.internal:3000/alerts
        send_resolved: true
        http_config:
          authorization:
            credentials_file: /etc/alertmanager/secrets/alerts_token

  - name: chat
    slack_configs:
      - &slack
        channel: '#daybook'
        send_resolved: true
        title: '{{ template "daybook.title" . }}'
        text: '{{ template "daybook.text" . }}'
        color: '{{ template "daybook.color" . }}'

  - name: sre-pager
    pagerduty_configs:
      - routing_key_file: /etc/alertmanager/secrets/pagerduty_sre_key
        description: '{{ template "daybook.title" . }}'
        details: &details
          text: '{{ template "daybook.text" . }}'
    slack_configs:
      - <<: *slack
        channel: '#daybook-pages'

  - name: security-pager
    pagerduty_configs:
      - routing_key_file: /etc/alertmanager/secrets/pagerduty_security_key
        description: '{{ template "daybook.title" . }}'
        details: *details
    slack_configs:
      - <<: *slack
        channel: '#security-pages'

  - name: privacy
    email_configs:
      - to: privacy@example.org
        send_resolved: true
        headers:
          Subject: '{{ template "daybook.title" . }}'
        text: '{{ template "daybook.text" . }}'
        html: ''
`;

export const alertTemplates = `{{ define "daybook.title" }}{{ if eq .Status "firing" }}[{{ .CommonLabels.severity }}]{{ else }}[resolved]{{ end }} {{ .GroupLabels.alertname }}{{ with .CommonLabels.job }} ({{ . }}){{ end }}{{ end }}

{{ define "daybook.color" }}{{ if ne .Status "firing" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}{{ end }}

{{ define "daybook.text" }}{{ range .Alerts }}{{ .Annotations.summary }}
{{ .Annotations.description }}
Value: {{ .Annotations.value }} (limit {{ .Annotations.limit }})
Since: {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC
Severity: {{ .Labels.severity }}, team {{ .Labels.team }}
Runbook: {{ .Annotations.runbook_url }}
Dashboard: {{ .Annotations.dashboard_url }}
Records: {{ .Annotations.report }}

{{ end }}{{ end }}
`;
