const FIRST_BYTES = 256 * 1024;

/** Bytes of an output, used again for each block: joining strings of a million lines costs more than reading their rows. */
export class LineBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    this.#makeRoom(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  /** Text of ASCII characters only. */
  ascii(text: string): void {
    this.#makeRoom(text.length);
    this.#length += this.#bytes.write(text, this.#length, "latin1");
  }

  /** The same in quotes, with every quote in it doubled. */
  asciiInQuotes(text: string): void {
    this.#makeRoom(text.length * 2 + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = 0x22;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      bytes[at++] = unit;
      if (unit === 0x22) bytes[at++] = unit;
    }
    bytes[at++] = 0x22;
    this.#length = at;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
