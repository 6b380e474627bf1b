/**
 * Writes messages in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding/): each field is its number and
 * its kind, then a whole number or a length with so many bytes. Libraries for it take longer to load than a model to write.
 * @module
 */

/** How a field's value is written: as a whole number, or as a length and so many bytes. */
const WHOLE = 0, BYTES = 2;

const encoder = new TextEncoder();

/** A message that is being written. Fields of one number may be repeated. */
export class Message {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** The bytes so far. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes whole numbers, each as a field. */
  whole(field: number, ...values: number[]): this {
    for (const value of values) {
      this.#varint(field * 8 + WHOLE);
      this.#varint(value);
    }
    return this;
  }

  /** Writes texts, in UTF-8, or bytes or messages, each as a field. */
  add(field: number, ...values: (string | Uint8Array | Message)[]): this {
    for (const value of values) {
      const bytes = typeof value === "string" ? encoder.encode(value) : value instanceof Message ? value.bytes : value;
      this.#varint(field * 8 + BYTES);
      this.#varint(bytes.length);
      this.#reserve(bytes.length);
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.length;
    }
    return this;
  }

  /** Seven bits a byte, the lowest first; the highest bit says that more follow. Negative numbers as their complement in 64 bits. */
  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0) return this.#negative(value);
    while (value > 0x7f) {
      this.#bytes[this.#length++] = value % 0x80 | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
  }

  #negative(value: number): void {
    for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0);
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length + count);
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}
