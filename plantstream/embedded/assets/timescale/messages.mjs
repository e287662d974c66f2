// The wire format of PostgreSQL's protocol 3: building messages, cutting byte streams into them.

export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** One message: type byte, length, then the parts; strings become zero-terminated. */
export function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(`${part}\0`))));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The numbers as 32-bit integers in a row. */
export function int32(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => bytes.writeInt32BE(number, 4 * index));
  return bytes;
}

/** The zero-terminated string at an offset. */
export function cstring(bytes, offset) {
  return bytes.toString('utf8', offset, bytes.indexOf(0, offset));
}

/** A fatal error as the client shall see it. */
export function fatal(code, text) {
  return message('E', Buffer.from('S'), 'FATAL', Buffer.from('C'), code, Buffer.from('M'), text, Buffer.from([0]));
}

/** The whole messages in a reply of the backend. */
export function* messagesIn(reply) {
  for (let offset = 0; offset < reply.length; ) {
    const end = offset + 1 + reply.readInt32BE(offset + 1);
    yield reply.subarray(offset, end);
    offset = end;
  }
}

/** Cuts what arrives on a socket into messages. The first ones, until `typed` is set, have no type byte. */
export class MessageReader {
  typed = false;
  #rest = Buffer.alloc(0);
  #chunks = [];
  #pending = 0;
  #wanted = 0;

  /** Take a chunk; `take` gets each whole message. Throws RangeError on an impossible length. */
  push(chunk, take) {
    this.#chunks.push(chunk);
    this.#pending += chunk.length;
    // A big message is still arriving: do not join the chunks again for each of them.
    if (this.#rest.length + this.#pending < this.#wanted) return;
    let bytes = Buffer.concat([this.#rest, ...this.#chunks]);
    this.#chunks = [];
    this.#pending = 0;
    for (;;) {
      const size = this.#size(bytes);
      if (bytes.length < size) break;
      const whole = bytes.subarray(0, size);
      bytes = bytes.subarray(size);
      take(whole);
    }
    this.#rest = bytes;
    this.#wanted = this.#size(bytes);
  }

  #size(bytes) {
    const type = this.typed ? 1 : 0;
    if (bytes.length < type + 4) return type + 4;
    const length = bytes.readInt32BE(type);
    if (length < 4 || length > MAX_MESSAGE_BYTES) throw new RangeError(`message of ${length} bytes`);
    return type + length;
  }
}
