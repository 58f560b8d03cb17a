import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));

/** An application's folder outside the workspace, with packages as a registry would have delivered them. */
export interface ConsumerProject {
  readonly folder: string;
  write(file: string, text: string): void;
  /** Runs Node to its end; rejects where it fails. */
  node(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }>;
  /** Starts a server that prints `listening on` and its port. */
  serve(file: string): Promise<RunningServer>;
  /** What the `audit_log` view of a database holds, oldest first. */
  auditLog(
    database?: string,
  ): readonly { readonly event_type: string; readonly endpoint: string | null; readonly user_id: string | null }[];
}

interface RunningServer {
  readonly url: string;
  /** Ends it as an operator would. */
  stop(): Promise<void>;
}

/**
 * @param daybook names below `@daybook/`; adapters are copied, so that they find no store the project does not have
 * @param others packages of `from`'s own node_modules
 */
export function consumerProject(daybook: readonly string[], others: Readonly<Record<string, string>>): ConsumerProject {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-consumer-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const modules = join(folder, "node_modules");
  for (const name of daybook) {
    const from = join(PACKAGES, name);
    if (!existsSync(join(from, "dist"))) throw new Error(`@daybook/${name} is not built: run \`pnpm build\` first.`);
    const to = join(modules, "@daybook", name);
    mkdirSync(dirname(to), { recursive: true });
    if (name === "express" || name === "fastify") {
      cpSync(join(from, "package.json"), join(to, "package.json"));
      cpSync(join(from, "dist"), join(to, "dist"), { recursive: true });
    } else {
      symlinkSync(from, to);
    }
  }
  for (const [name, owner] of Object.entries(others)) {
    const to = join(modules, name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(realpathSync(join(PACKAGES, owner, "node_modules", name)), to);
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const env = { PATH: process.env.PATH, NODE_NO_WARNINGS: "1" };

  return {
    folder,
    write: (file, text) => writeFileSync(join(folder, file), text),
    async node(...args) {
      try {
        return await promisify(execFile)(process.execPath, args, { cwd: folder, env });
      } catch (error) {
        const { message, stdout } = error as { message: string; stdout: string };
        throw new Error(`${message}\n${stdout}`, { cause: error });
      }
    },
    async serve(file) {
      const child = spawn(process.execPath, [file], { cwd: folder, env: { ...env, PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] });
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      onTestFinished(async () => {
        child.kill("SIGKILL");
        await ended;
      });
      const port = await portOf(child);
      return {
        url: `http://127.0.0.1:${port}`,
        async stop() {
          child.kill("SIGTERM");
          await ended;
        },
      };
    },
    auditLog(database = "data/audit.db") {
      const db = new DatabaseSync(join(folder, database), { readOnly: true });
      const rows = db.prepare("select event_type, endpoint, user_id from audit_log order by id").all();
      db.close();
      return rows.map((row) => ({ ...row })) as never;
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer) => {
      text += chunk;
      const port = /listening on.*?port: (\d+)/s.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk) => {
      text += chunk;
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
}
