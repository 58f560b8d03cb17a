import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { command, type Served, serve } from "./command.ts";

const VERDACCIO = "6.10.4";

export interface LocalRegistry {
  readonly url: string;
  /** URL of the registry all other packages come from. */
  readonly upstream: string;
  /** A user configuration for npm and pnpm that may publish to it and installs from nowhere else. */
  readonly npmrc: string;
  readonly stop: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Installs and starts a registry on the loopback address: it holds our packages itself and passes all others on. */
export async function localRegistry(folder: string): Promise<LocalRegistry> {
  const upstream = command("npm", ["config", "get", "registry"], { cwd: folder }).trim();
  const home = join(folder, "registry");
  mkdirSync(home);
  writeFileSync(
    join(home, "package.json"),
    // One of its dependencies asks for a dist-tag that registries which copy versions only do not have.
    JSON.stringify({ private: true, dependencies: { verdaccio: VERDACCIO }, overrides: { "node-fetch": "2.7.0" } }),
  );
  command("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: home });
  const ours = "access: $all\n    publish: $authenticated";
  writeFileSync(
    join(home, "config.yaml"),
    `storage: ${join(home, "storage")}
auth:
  htpasswd:
    file: ${join(home, "users")}
uplinks:
  upstream:
    url: ${upstream}
packages:
  "@daybook/*":
    ${ours}
  daybook:
    ${ours}
  "**":
    access: $all
    proxy: upstream
log: { type: stdout, format: json, level: error }
`,
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const program = join(home, "node_modules", "verdaccio", "bin", "verdaccio");
  const served: Served = await serve(
    process.execPath,
    [program, "--config", join(home, "config.yaml"), "--listen", `127.0.0.1:${port}`],
    `${url}-/ping`,
    {
      cwd: home,
    },
  );
  const npmrc = join(folder, "npmrc");
  writeFileSync(
    npmrc,
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=${await newUser(url)}\nfund=false\naudit=false\nupdate-notifier=false\n`,
  );
  return { url, upstream, npmrc, stop: served.stop };
}

async function newUser(url: string): Promise<string> {
  const response = await fetch(`${url}-/user/org.couchdb.user:rehearsal`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "rehearsal", password: "only-on-loopback", email: "rehearsal@example.com", type: "user" }),
  });
  if (!response.ok) throw new Error(`The local registry refused a user: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { token: string }).token;
}
