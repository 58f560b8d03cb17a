import { defined } from "@daybook/core/store";
import type { FilledStackOptions } from "../stack-options.ts";

/** One line of a panel: PromQL, or LogQL in a panel of logs, and its name in the legend. */
export interface Query {
  readonly expr: string;
  /** Labels in double braces, as Grafana fills them in. */
  readonly legend?: string;
  /** Only the newest value, for lists. */
  readonly instant?: true;
}

export interface PanelSpec {
  readonly kind: "timeseries" | "stat" | "bargauge" | "heatmap" | "table" | "logs";
  readonly title: string;
  readonly description: string;
  /** A unit of Grafana, such as `s`, `bytes`, `reqps`, `percentunit`, `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Columns of 24. Default 8, of a stat 4. */
  readonly width?: number;
  /** From this value on it is red; below the second one orange is skipped. */
  readonly red?: number;
  /** Lower is worse. */
  readonly redBelow?: number;
  /** Values on top of each other. */
  readonly stacked?: true;
  /** An alert about it, whose runbook the panel links to. */
  readonly alert?: string;
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly RowSpec[];
}

/** The series of the chosen job and instances. */
export const CHOSEN = 'job=~"$job",instance=~"$instance"';

const PROMETHEUS = { type: "prometheus", uid: "$datasource" };
const LOKI = { type: "loki", uid: "$logs" };
const LINK = { icon: "external link", tooltip: "", tags: [], asDropdown: false, targetBlank: false, includeVars: false, keepTime: false };
const COLUMNS = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;

/** A dashboard in the JSON model of Grafana (schema version 42), without numeric id, so that provisioning owns it. */
export function dashboard(spec: DashboardSpec, options: FilledStackOptions): object {
  let id = 0;
  let y = 0;
  const panels = spec.rows.flatMap((row) => {
    const header = { id: ++id, type: "row", title: row.title, collapsed: false, panels: [], gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 } };
    let x = 0;
    let height = 0;
    const placed = row.panels.map((panel) => {
      const w = panel.width ?? (panel.kind === "stat" ? 4 : 8);
      const h = panel.kind === "stat" ? STAT_HEIGHT : HEIGHT;
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      const gridPos = { x, y, w, h };
      x += w;
      height = Math.max(height, h);
      return panelModel(panel, ++id, gridPos, options);
    });
    y += height;
    return [header, ...placed];
  });
  return {
    uid: spec.uid,
    title: spec.title,
    description: spec.description,
    tags: ["daybook"],
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    templating: { list: variables(options) },
    annotations: { list: [alertAnnotation] },
    links: [{ ...LINK, type: "dashboards", title: "Daybook", tags: ["daybook"], includeVars: true, keepTime: true }],
    panels,
  };
}

function panelModel(panel: PanelSpec, id: number, gridPos: object, { runbooksUrl }: FilledStackOptions): object {
  const datasource = panel.kind === "logs" ? LOKI : PROMETHEUS;
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource,
    gridPos,
    targets: panel.queries.map(({ expr, legend, instant }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      expr,
      ...defined({ legendFormat: legend }),
      ...(instant ? { instant: true, range: false } : { range: true }),
      ...(panel.kind === "heatmap" ? { format: "heatmap" } : panel.kind === "table" ? { format: "table" } : {}),
    })),
    fieldConfig: {
      defaults: { unit: panel.unit, thresholds: thresholds(panel), color: color(panel), custom: custom(panel) },
      overrides: [],
    },
    options: panelOptions(panel.kind),
    ...(panel.alert === undefined
      ? {}
      : {
          links: [
            { ...LINK, type: "link", title: `Runbook of ${panel.alert}`, url: `${runbooksUrl}/${panel.alert}.md`, targetBlank: true },
          ],
        }),
  };
}

function thresholds({ red, redBelow }: PanelSpec) {
  const steps =
    redBelow !== undefined
      ? [
          { value: null, color: "red" },
          { value: redBelow, color: "green" },
        ]
      : [{ value: null, color: "green" }];
  if (red !== undefined) steps.push({ value: red as never, color: "red" });
  return { mode: "absolute", steps };
}

const color = ({ kind }: PanelSpec) => ({ mode: kind === "timeseries" ? "palette-classic" : "thresholds" });

function custom({ kind, stacked, red }: PanelSpec): object {
  if (kind !== "timeseries") return {};
  return {
    drawStyle: "line",
    lineWidth: 1,
    fillOpacity: stacked ? 40 : 10,
    showPoints: "never",
    spanNulls: false,
    stacking: { mode: stacked ? "normal" : "none", group: "A" },
    thresholdsStyle: { mode: red === undefined ? "off" : "line" },
  };
}

function panelOptions(kind: PanelSpec["kind"]): object {
  switch (kind) {
    case "timeseries":
      return {
        legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "stat":
      return {
        reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
        colorMode: "value",
        graphMode: "none",
        textMode: "auto",
      };
    case "bargauge":
      return { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, orientation: "horizontal", displayMode: "basic" };
    case "heatmap":
      return {
        calculate: false,
        yAxis: { unit: "s" },
        color: { mode: "scheme", scheme: "Oranges", steps: 64 },
        tooltip: { mode: "single" },
      };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    case "logs":
      return { showTime: true, wrapLogMessage: true, enableLogDetails: true, sortOrder: "Descending" };
  }
}

const alertAnnotation = {
  name: "Alerts",
  enable: true,
  iconColor: "red",
  datasource: PROMETHEUS,
  expr: 'ALERTS{alertstate="firing",alertname!="Watchdog",job=~"$job"}',
  titleFormat: "{{alertname}}",
  tagKeys: "severity,team",
  step: "60s",
};

function variables({ job }: FilledStackOptions): object[] {
  const all = { includeAll: true, multi: true, current: { text: "All", value: "$__all" } };
  const fromLabel = (name: string, query: string, more: object) => ({
    name,
    type: "query",
    label: name === "job" ? "Job" : "Instance",
    datasource: PROMETHEUS,
    definition: query,
    query,
    refresh: 2,
    sort: 1,
    ...more,
  });
  const source = (name: string, label: string, type: string, uid: string) => ({
    name,
    type: "datasource",
    label,
    query: type,
    refresh: 1,
    current: { text: label, value: uid },
  });
  return [
    source("datasource", "Prometheus", "prometheus", "daybook-prometheus"),
    source("logs", "Loki", "loki", "daybook-loki"),
    fromLabel("job", "label_values(daybook_audit_events_accepted_total, job)", { current: { text: job, value: job } }),
    fromLabel("instance", 'label_values(daybook_audit_events_accepted_total{job=~"$job"}, instance)', all),
  ];
}
