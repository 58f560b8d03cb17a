import { CHOSEN, type DashboardSpec } from "./dashboard.ts";

const quantileOf = (metric: string, q: number, by = "") =>
  `histogram_quantile(${q}, sum by (${by}le) (rate(${metric}_bucket{${CHOSEN}}[$__rate_interval])))`;

export const performance: DashboardSpec = {
  uid: "daybook-performance",
  title: "Daybook / Performance",
  description: "Where time, memory and room go: queries, ingestion, the process and the store.",
  rows: [
    {
      title: "Queries and ingestion",
      panels: [
        {
          kind: "timeseries",
          title: "Query latency",
          description: "Time to answer a question, as the application records it.",
          unit: "s",
          red: 0.5,
          queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantileOf("daybook_query_duration_seconds", q), legend: `p${q * 100}` })),
          alert: "DaybookHighQueryLatency",
        },
        {
          kind: "timeseries",
          title: "p95 query latency by strategy",
          description: "How the question was searched.",
          unit: "s",
          queries: [{ expr: quantileOf("daybook_query_duration_seconds", 0.95, "strategy, "), legend: "{{strategy}}" }],
        },
        {
          kind: "timeseries",
          title: "Items ingested per hour",
          description: "Books, or whatever the application takes in, by outcome.",
          unit: "short",
          queries: [
            {
              expr: `sum by (outcome) (rate(daybook_ingested_items_total{${CHOSEN}}[$__rate_interval])) * 3600`,
              legend: "{{outcome}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Chunks and bytes ingested per hour",
          description: "Pieces that items were cut into, and their size.",
          unit: "short",
          queries: [
            { expr: `sum(rate(daybook_ingested_chunks_total{${CHOSEN}}[$__rate_interval])) * 3600`, legend: "chunks" },
            { expr: `sum(rate(daybook_ingested_bytes_total{${CHOSEN}}[$__rate_interval])) * 3600`, legend: "bytes" },
          ],
        },
        {
          kind: "timeseries",
          title: "Chunks by collection",
          description: "Entries of a search index or points of a vector store.",
          unit: "short",
          queries: [{ expr: `max by (collection) (daybook_collection_chunks{${CHOSEN}})`, legend: "{{collection}}" }],
        },
        {
          kind: "timeseries",
          title: "Size by collection",
          description: "What a collection takes up.",
          unit: "bytes",
          queries: [{ expr: `max by (collection) (daybook_collection_bytes{${CHOSEN}})`, legend: "{{collection}}" }],
        },
        {
          kind: "heatmap",
          title: "Request latency",
          description: "Requests in each bucket of duration.",
          unit: "s",
          width: 16,
          queries: [
            { expr: `sum by (le) (increase(daybook_http_request_duration_seconds_bucket{${CHOSEN}}[$__rate_interval]))`, legend: "{{le}}" },
          ],
          alert: "DaybookLatencyBudgetBurn",
        },
        {
          kind: "timeseries",
          title: "Tokens per minute",
          description: "What models read and wrote.",
          unit: "short",
          queries: [
            {
              expr: `sum by (direction) (rate(daybook_generation_tokens_total{${CHOSEN}}[$__rate_interval])) * 60`,
              legend: "{{direction}}",
            },
          ],
        },
      ],
    },
    {
      title: "Audit queue and store",
      panels: [
        {
          kind: "timeseries",
          title: "Queue against capacity",
          description: "Share of the queue that is taken; above 80 % for two minutes makes a ticket.",
          unit: "percentunit",
          red: 0.8,
          queries: [
            {
              expr: `max by (instance) (daybook_audit_queue_depth{${CHOSEN}} / daybook_audit_queue_capacity{${CHOSEN}})`,
              legend: "{{instance}}",
            },
          ],
          alert: "DaybookQueueSaturated",
        },
        {
          kind: "timeseries",
          title: "Queue by sink",
          description: "Events that wait in memory.",
          unit: "short",
          queries: [{ expr: `sum by (sink) (daybook_sink_queue_depth{${CHOSEN}})`, legend: "{{sink}}" }],
        },
        {
          kind: "timeseries",
          title: "Events per batch",
          description: "Mean of each sink; it grows with the load.",
          unit: "short",
          queries: [
            {
              expr: `sum by (sink) (rate(daybook_sink_events_written_total{${CHOSEN}}[$__rate_interval])) / sum by (sink) (rate(daybook_audit_flushes_total{${CHOSEN}}[$__rate_interval]))`,
              legend: "{{sink}}",
            },
          ],
        },
        {
          kind: "timeseries",
          title: "Store",
          description: "Size of the database and its write-ahead log.",
          unit: "bytes",
          queries: [
            { expr: `max(daybook_store_bytes{${CHOSEN}})`, legend: "database" },
            { expr: `max(daybook_store_wal_bytes{${CHOSEN}})`, legend: "write-ahead log" },
          ],
        },
        {
          kind: "timeseries",
          title: "Rows",
          description: "Entries the store keeps.",
          unit: "short",
          queries: [{ expr: `max(daybook_store_rows{${CHOSEN}})`, legend: "rows" }],
        },
        {
          kind: "timeseries",
          title: "Checkpoint time and lock wait",
          description: "How long the last signed checkpoint took, and the share of time spent waiting for other writers.",
          unit: "s",
          queries: [
            { expr: `max(daybook_checkpoint_duration_seconds{${CHOSEN}})`, legend: "checkpoint" },
            { expr: `sum(rate(daybook_store_lock_wait_seconds_total{${CHOSEN}}[$__rate_interval]))`, legend: "lock wait per second" },
          ],
        },
      ],
    },
    {
      title: "Process",
      panels: [
        {
          kind: "timeseries",
          title: "Event loop lag",
          description: "How late a timer runs; all requests of the process wait that long.",
          unit: "s",
          queries: [
            { expr: `max by (instance) (nodejs_eventloop_lag_p50_seconds{${CHOSEN}})`, legend: "p50 {{instance}}" },
            { expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{${CHOSEN}})`, legend: "p99 {{instance}}" },
          ],
        },
        {
          kind: "timeseries",
          title: "CPU",
          description: "Cores in use, the writer thread included.",
          unit: "short",
          queries: [{ expr: `sum by (instance) (rate(process_cpu_seconds_total{${CHOSEN}}[$__rate_interval]))`, legend: "{{instance}}" }],
        },
        {
          kind: "timeseries",
          title: "Memory",
          description: "Heap in use, and resident in all.",
          unit: "bytes",
          queries: [
            { expr: `max by (instance) (nodejs_heap_size_used_bytes{${CHOSEN}})`, legend: "heap {{instance}}" },
            { expr: `max by (instance) (process_resident_memory_bytes{${CHOSEN}})`, legend: "resident {{instance}}" },
          ],
        },
      ],
    },
  ],
};
