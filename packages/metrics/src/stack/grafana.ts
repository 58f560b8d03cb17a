/** Data sources with fixed uids, which the dashboards choose by default. */
export const datasourcesFile = `apiVersion: 1
datasources:
  - name: Prometheus
    uid: daybook-prometheus
    type: prometheus
    access: proxy
    url: http://prometheus:9090
    isDefault: true
    jsonData:
      timeInterval: 15s
      httpMethod: POST
      manageAlerts: false
      # A trace id at a bucket leads to its lines in Loki.
      exemplarTraceIdDestinations:
        - name: trace_id
          datasourceUid: daybook-loki

  - name: Loki
    uid: daybook-loki
    type: loki
    access: proxy
    url: http://loki:3100

  - name: Alertmanager
    uid: daybook-alertmanager
    type: alertmanager
    access: proxy
    url: http://alertmanager:9093
    jsonData:
      implementation: prometheus
`;

export const dashboardProviderFile = `apiVersion: 1
providers:
  - name: daybook
    folder: Daybook
    type: file
    # The files are the truth: a change is made there and reviewed.
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards
`;
