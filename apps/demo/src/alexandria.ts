import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type AuditLog, contentIngested, indexUpdated, operationFailed, runAs } from "@daybook/core";
import { privacyHealth } from "@daybook/gdpr";
import {
  collectionBytes,
  collectionChunks,
  createMetrics,
  fileHealth,
  type Metrics,
  type MetricsServer,
  serveMetrics,
  storeHealth,
} from "@daybook/metrics";
import { ingestFolder } from "./library/ingest-folder.ts";
import { type Library, openLibrary } from "./library/library.ts";
import type { ModelOptions } from "./library/search/ask-model.ts";
import { openAuditLog } from "./trail/open-audit-log.ts";
import { openPrivacy, type Privacy } from "./trail/privacy.ts";
import { expressServer } from "./web/express-server.ts";
import { fastifyServer } from "./web/fastify-server.ts";
import { Sessions } from "./web/sessions.ts";

export type Framework = "express" | "fastify";

export interface AlexandriaOptions {
  readonly framework: Framework;
  /** 0 picks a free port. */
  readonly port: number;
  readonly libraryPath: string;
  readonly auditPath: string;
  /** Metrics have a separate port; 0 picks a free one. */
  readonly metricsPort: number;
  /**
   * Address on which metrics are served. Default `127.0.0.1`; a Prometheus in a container needs an address it can
   * reach.
   */
  readonly metricsHost?: string | undefined;
  readonly model?: ModelOptions | undefined;
}

export interface IngestSummary {
  readonly books: number;
  readonly sections: number;
  readonly refused: readonly { readonly source: string; readonly reason: string }[];
}

const UPLOAD_LIMIT_BYTES = 8 * 1024 * 1024;

/** The running library: its books, its trail and its server. */
export class Alexandria {
  readonly library: Library;
  readonly audit: AuditLog;
  readonly url: string;
  readonly #server: Server;
  readonly #metrics: MetricsServer;
  readonly #privacy: Privacy | undefined;

  constructor(library: Library, audit: AuditLog, server: Server, metrics: MetricsServer, privacy: Privacy | undefined) {
    this.library = library;
    this.audit = audit;
    this.#server = server;
    this.#metrics = metrics;
    this.#privacy = privacy;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open({
    framework,
    port,
    metricsPort,
    metricsHost = "127.0.0.1",
    libraryPath,
    auditPath,
    model,
  }: AlexandriaOptions): Promise<Alexandria> {
    const metrics = createMetrics();
    const audit = await openAuditLog(auditPath, metrics);
    const library = openLibrary({ path: libraryPath });
    let metricsServer: MetricsServer | undefined;
    let privacy: Privacy | undefined;
    try {
      watchLibrary(metrics, library, audit, auditPath);
      metricsServer = await serveMetrics({ registry: metrics.registry, port: metricsPort, host: metricsHost });
      privacy = await openPrivacy(audit);
      if (privacy !== undefined) metrics.watchHealth(privacyHealth({ store: privacy.store, journals: [privacy.diary, privacy.counts] }));
      const house = { library, audit, privacy, metrics, sessions: new Sessions(), model };
      const app = framework === "express" ? expressServer(house, UPLOAD_LIMIT_BYTES) : await fastifyServer(house, UPLOAD_LIMIT_BYTES);
      return new Alexandria(library, audit, await app.listen(port), metricsServer, privacy);
    } catch (cause) {
      await metricsServer?.close();
      await privacy?.close();
      await audit.close();
      library.close();
      throw cause;
    }
  }

  /** Address of the metrics. */
  get metricsUrl(): string {
    return this.#metrics.url;
  }

  /** Adds a folder of texts. Records one ingestion per file, and one error per refused file. */
  ingest(folder: string): Promise<IngestSummary> {
    return runAs({ kind: "service", id: "shelf-import" }, async () => {
      let books = 0;
      let sections = 0;
      const refused: { source: string; reason: string }[] = [];
      let begun = performance.now();
      for await (const result of ingestFolder(this.library, folder)) {
        const { source, bytes, sections: count } = result;
        const data = {
          source,
          count,
          bytes,
          status: result.status === "ok" ? (result.added ? "added" : "known") : "refused",
          durationMs: Math.round(performance.now() - begun),
        };
        if (result.status === "ok") {
          this.audit.record(contentIngested, { resource: { type: "book", id: String(result.bookId) }, data });
          books++;
          sections += count;
        } else {
          this.audit.record(contentIngested, { outcome: "failure", severity: "warning", error: { code: result.code }, data });
          this.audit.record(operationFailed, { error: { code: result.code, message: result.reason }, data: { operation: "ingest" } });
          refused.push({ source, reason: result.reason });
        }
        begun = performance.now();
      }
      this.audit.record(indexUpdated, { data: { index: "sections", added: sections } });
      return { books, sections, refused };
    });
  }

  /** Finishes open requests, writes the queued events of the trail, and closes both files. */
  async close(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.close((error) => (error === undefined ? resolve() : reject(error)));
      this.#server.closeIdleConnections();
    });
    await this.#metrics.close();
    await this.#privacy?.close();
    await this.audit.close();
    this.library.close();
  }
}

/** Metrics beyond the HTTP requests: the pipeline, the file, the collections. */
function watchLibrary(metrics: Metrics, library: Library, audit: AuditLog, auditPath: string): void {
  metrics.watch(audit);
  metrics.watchHealth(fileHealth(auditPath));
  if (audit.store !== undefined) metrics.watchHealth(storeHealth(audit.store));
  metrics.gauge(collectionChunks, () => library.collectionSizes().map(({ slug, sections }) => [sections, { collection: slug }]));
  metrics.gauge(collectionBytes, () => library.collectionSizes().map(({ slug, bytes }) => [bytes, { collection: slug }]));
}
