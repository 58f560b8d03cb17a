import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../docs/markdown.ts";
import { command } from "./command.ts";

export interface PublishedPackage {
  readonly name: string;
  readonly version: string;
}

/** A copy of the workspace in which versions may be changed: its files, the build, and links to the installed dependencies. */
export class WorkspaceCopy {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    const files = command("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT })
      .split("\0")
      .filter(Boolean);
    for (const file of files) copy(join(ROOT, file), join(folder, file));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const name of readdirSync(join(ROOT, "packages"))) {
      for (const made of ["dist", "node_modules"]) copy(join(ROOT, "packages", name, made), join(folder, "packages", name, made));
    }
    // The changelog is made of commits.
    const git = (...args: string[]) =>
      command("git", ["-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@example.com", ...args], { cwd: folder });
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--message=rehearsal");
  }

  /** Consumes all changesets: versions and changelogs. */
  version(): void {
    this.#changeset("version");
  }

  /** Adds a changeset that raises every published package. */
  addMinorChange(): void {
    const names = this.published().map(({ name }) => `"${name}": minor`);
    writeFileSync(join(this.folder, ".changeset", "rehearsed-change.md"), `---\n${names.join("\n")}\n---\n\nA change for the rehearsal.\n`);
  }

  /** Publishes the versions that the registry does not have yet. */
  publish(npmrc: string): void {
    copyFileSync(npmrc, join(this.folder, ".npmrc"));
    this.#changeset("publish", ["--no-git-tag"], { NPM_CONFIG_USERCONFIG: npmrc });
  }

  published(): PublishedPackage[] {
    return readdirSync(join(this.folder, "packages"))
      .map((name) => JSON.parse(readFileSync(join(this.folder, "packages", name, "package.json"), "utf8")))
      .filter((manifest) => !manifest.private)
      .map(({ name, version }) => ({ name, version }));
  }

  #changeset(verb: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): void {
    command("changeset", [verb, ...args], { cwd: this.folder, env });
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, force: true });
}
