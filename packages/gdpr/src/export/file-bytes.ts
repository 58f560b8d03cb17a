import { closeSync, createWriteStream, fsyncSync, openSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { TransformStream } from "node:stream/web";
import type { Encrypter } from "age-encryption";

/** A new file that is written once, front to back. Only its owner can read it. */
export interface FileBytes {
  /** Takes a copy: the caller may change the bytes afterwards. */
  put(bytes: Uint8Array): void;
  /** Resolves when everything put so far is written, so that memory stays bounded. */
  drained(): Promise<void>;
  /** Completes the file. `drained` then resolves when it is on the disk. */
  close(): void;
  /** Closes the file, complete or not. */
  abandon(): void;
}

export function plainBytes(path: string): FileBytes {
  const file = openSync(path, "wx", 0o600);
  let open = true;
  const abandon = () => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    put(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    },
    drained: async () => undefined,
    close() {
      fsyncSync(file);
      abandon();
    },
    abandon,
  };
}

/** A file of which no byte reaches the disk before it is encrypted. */
export function encryptedBytes(path: string, encrypter: Encrypter): FileBytes {
  const file = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  const sink = Writable.toWeb(file) as WritableStream<Uint8Array>;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const written = encrypter.encrypt(readable as ReadableStream<Uint8Array>).then((encrypted) => encrypted.pipeTo(sink));
  let last: Promise<unknown> = Promise.resolve();
  // `drained` rejects with the failure. Until then it must not end the process as an unhandled rejection.
  const follow = (work: Promise<unknown>) => {
    last = work;
    work.catch(() => undefined);
  };
  follow(written);
  return {
    put: (bytes) => follow(writer.write(Uint8Array.from(bytes))),
    drained: async () => void (await last),
    close: () => follow(Promise.all([writer.close(), written])),
    abandon() {
      follow(writer.abort());
      file.destroy();
    },
  };
}
