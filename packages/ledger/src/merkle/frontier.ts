import { hash } from "node:crypto";
import { LedgerError } from "../ledger-error.ts";
import { emptyRoot, HASH_LENGTH } from "./merkle.ts";

// Sizes are safe integers, which have at most 53 bits.
const MOST_SUBTREES = 53;
const LEFT = 1;
const RIGHT = 1 + HASH_LENGTH;

/**
 * Compact range of a growing Merkle tree (RFC 6962): the hashes of its perfect subtrees, the leftmost and largest first. It has one hash
 * for each 1-bit of the tree's size, at most 53, and needs no leaf again.
 * @example
 * ```ts
 * import { Frontier, leafHash } from "@daybook/ledger";
 *
 * const tree = Frontier.empty();
 * for (const entry of ["a", "b", "c"]) tree.push(leafHash(Buffer.from(entry)));
 * const restored = Frontier.fromBytes(tree.toBytes(), tree.size);
 * console.log(restored.root().equals(tree.root()), tree.toBytes().length); // true 64
 * ```
 */
export class Frontier {
  #size: number;
  #subtrees: number;
  /** Input of an inner node's hash for each subtree: 0x01, the subtree's hash, room for the hash of its right sibling. */
  readonly #nodes: Buffer<ArrayBuffer>[] = [];

  private constructor(size: number, hashes: Uint8Array) {
    this.#size = size;
    this.#subtrees = hashes.length / HASH_LENGTH;
    for (let i = 0; i < this.#subtrees; i++) this.#node(i).set(hashes.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH), LEFT);
  }

  /** The tree without leaves. */
  static empty(): Frontier {
    return new Frontier(0, new Uint8Array(0));
  }

  /**
   * Restores a frontier.
   * @param bytes result of `toBytes`, 32 bytes for each 1-bit of `size`; they are copied
   * @param size number of leaves, 0 to 2^53−1
   * @throws {LedgerError} `BAD_FRONTIER`: a size out of range, or bytes of another length
   */
  static fromBytes(bytes: Uint8Array, size: number): Frontier {
    if (!Number.isSafeInteger(size) || size < 0) throw new LedgerError("BAD_FRONTIER", `${size} is not the size of a tree.`);
    const subtrees = ones(size);
    if (bytes.length !== subtrees * HASH_LENGTH) {
      throw new LedgerError(
        "BAD_FRONTIER",
        `A tree of size ${size} has ${subtrees} subtrees, so ${subtrees * HASH_LENGTH} bytes, not ${bytes.length}.`,
      );
    }
    return new Frontier(size, bytes);
  }

  /** An independent copy. */
  copy(): Frontier {
    return Frontier.empty().copyFrom(this);
  }

  /** Becomes an independent copy of another frontier, reusing its own buffers. */
  copyFrom(other: Frontier): this {
    this.#size = other.#size;
    this.#subtrees = other.#subtrees;
    for (let i = 0; i < this.#subtrees; i++) this.#node(i).set(other.#node(i));
    return this;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends a leaf.
   * @param leaf its hash, 32 bytes, see `leafHash`
   * @throws {LedgerError} `BAD_SIZE`: not 32 bytes, or the tree has 2^53−1 leaves already
   */
  push(leaf: Uint8Array): void {
    if (leaf.length !== HASH_LENGTH) throw new LedgerError("BAD_SIZE", `A leaf hash has ${HASH_LENGTH} bytes, not ${leaf.length}.`);
    if (this.#size === Number.MAX_SAFE_INTEGER) throw new LedgerError("BAD_SIZE", "The tree is full.");
    let rest = this.#size++;
    if (rest % 2 === 0) {
      this.#node(this.#subtrees++).set(leaf, LEFT);
      return;
    }
    // Each trailing 1-bit of the old size is a subtree as large as the one just completed: the two become one.
    this.#node(--this.#subtrees).set(leaf, RIGHT);
    let joined = this.#join(this.#subtrees);
    for (rest = (rest - 1) / 2; rest % 2 === 1; rest = (rest - 1) / 2) {
      this.#node(--this.#subtrees).write(joined, RIGHT, "latin1");
      joined = this.#join(this.#subtrees);
    }
    this.#node(this.#subtrees++).write(joined, LEFT, "latin1");
  }

  /** Root of the tree (RFC 6962, section 2.1), 32 bytes. */
  root(): Buffer<ArrayBuffer> {
    if (this.#subtrees === 0) return emptyRoot();
    const last = this.#node(this.#subtrees - 1);
    let root = last.toString("latin1", LEFT, RIGHT);
    for (let i = this.#subtrees - 2; i >= 0; i--) {
      this.#node(i).write(root, RIGHT, "latin1");
      root = this.#join(i);
    }
    return Buffer.from(root, "latin1");
  }

  /** The subtree hashes, the largest first: 32 bytes for each 1-bit of the size. */
  toBytes(): Buffer<ArrayBuffer> {
    const bytes = Buffer.alloc(this.#subtrees * HASH_LENGTH);
    for (let i = 0; i < this.#subtrees; i++) this.#node(i).copy(bytes, i * HASH_LENGTH, LEFT, RIGHT);
    return bytes;
  }

  #node(index: number): Buffer<ArrayBuffer> {
    if (index >= MOST_SUBTREES) throw new LedgerError("BAD_SIZE", "The tree is full.");
    let node = this.#nodes[index];
    if (node === undefined) {
      node = Buffer.alloc(RIGHT + HASH_LENGTH);
      node[0] = 1;
      this.#nodes[index] = node;
    }
    return node;
  }

  #join(index: number): string {
    return hash("sha256", this.#node(index), "binary");
  }
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
