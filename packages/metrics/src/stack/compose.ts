// Versions are pinned, so that an update is a change that can be undone.
const IMAGES = {
  prometheus: "prom/prometheus:v3.5.0",
  alertmanager: "prom/alertmanager:v0.28.1",
  grafana: "grafana/grafana:12.1.0",
  loki: "grafana/loki:3.5.3",
  collector: "otel/opentelemetry-collector-contrib:0.131.0",
  node: "node:24.11.0-alpine",
};

/** The stack for one host. Everything listens on loopback of that host only. */
export const composeFile = `# The monitoring stack of the Daybook audit trail: docker compose up -d, then http://localhost:3001
# Ports are published on 127.0.0.1 only; put a proxy with sign-in in front of Grafana before other people may see it.
services:
  # The application with its exporter, for those who run it here: docker compose --profile app up -d, and the target app:9464.
  app:
    profiles: [app]
    image: ${IMAGES.node}
    working_dir: /app
    command: ['npm', 'start']
    environment:
      METRICS_HOST: 0.0.0.0
      METRICS_PORT: '9464'
      OTLP_URL: http://collector:4318/v1/logs
    volumes:
      - \${DAYBOOK_APP:-..}:/app
    ports: ['127.0.0.1:3000:3000']
    expose: ['9464']
    restart: unless-stopped

  prometheus:
    image: ${IMAGES.prometheus}
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --storage.tsdb.path=/prometheus
      - --storage.tsdb.retention.time=15d
      - --enable-feature=exemplar-storage
      - --web.external-url=http://localhost:9090
    volumes:
      - ./prometheus:/etc/prometheus:ro
      - prometheus:/prometheus
    extra_hosts: ['host.docker.internal:host-gateway']
    ports: ['127.0.0.1:9090:9090']
    restart: unless-stopped

  alertmanager:
    image: ${IMAGES.alertmanager}
    command:
      - --config.file=/etc/alertmanager/alertmanager.yml
      - --storage.path=/alertmanager
      - --web.external-url=http://localhost:9093
    volumes:
      - ./alertmanager:/etc/alertmanager:ro
      - ./secrets:/etc/alertmanager/secrets:ro
      - alertmanager:/alertmanager
    extra_hosts: ['host.docker.internal:host-gateway']
    ports: ['127.0.0.1:9093:9093']
    restart: unless-stopped

  loki:
    image: ${IMAGES.loki}
    command: [-config.file=/etc/loki/loki.yml]
    volumes:
      - ./loki:/etc/loki:ro
      - loki:/loki
    expose: ['3100']
    restart: unless-stopped

  collector:
    image: ${IMAGES.collector}
    command: [--config=/etc/otelcol/collector.yml]
    user: '0'
    volumes:
      - ./collector:/etc/otelcol:ro
      - collector:/var/lib/otelcol
    ports: ['127.0.0.1:4318:4318']
    expose: ['8888']
    depends_on: [loki]
    restart: unless-stopped

  grafana:
    image: ${IMAGES.grafana}
    environment:
      GF_SECURITY_ADMIN_PASSWORD: \${GRAFANA_ADMIN_PASSWORD:?set it in .env}
      GF_ANALYTICS_REPORTING_ENABLED: 'false'
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false'
      GF_USERS_ALLOW_SIGN_UP: 'false'
    volumes:
      - ./grafana/provisioning:/etc/grafana/provisioning:ro
      - ./grafana/dashboards:/var/lib/grafana/dashboards:ro
      - grafana:/var/lib/grafana
    ports: ['127.0.0.1:3001:3000']
    depends_on: [prometheus, loki, alertmanager]
    restart: unless-stopped

volumes:
  prometheus: {}
  alertmanager: {}
  loki: {}
  collector: {}
  grafana: {}
`;
