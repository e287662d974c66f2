// One client: turns its messages into jobs for the shared backend, so that it seems to be its own.

import { cstring, fatal, int32, MAX_MESSAGE_BYTES, message, MessageReader } from './messages.mjs';

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const STATEMENT = 0x53; // S, against P for portal
const COPY_IN = /^(?:\s|--.*\n|\/\*[^]*?\*\/)*copy\b[^]*\bfrom\s+stdin\b/i;
const LISTEN = /^\s*(un)?listen\s+"?([\w*]+)/i;
const DEALLOCATE_ALL = /^\s*deallocate\s+all\b/i;
const COPY_IN_RESPONSE = 0x47; // G
const CLOSE_COMPLETE = 0x33; // 3
const PARAMETERS = {
  server_version: '17.5',
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  TimeZone: 'GMT',
  integer_datetimes: 'on',
  standard_conforming_strings: 'on',
};

let lastId = 0;

export class Connection {
  jobs = []; // the backend's: what waits for its turn
  statements = new Set(); // names as the backend knows them
  channels = new Set(); // names this client listens to
  #id = ++lastId;
  #socket;
  #backend;
  #reader = new MessageReader();
  #batch = []; // extended-protocol messages until Sync or Flush
  #copy = null; // messages of a COPY FROM STDIN until its end
  #copyBytes = 0;
  #open = true;

  constructor(socket, backend) {
    this.#socket = socket;
    this.#backend = backend;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end());
    socket.on('data', (chunk) => this.#read(chunk));
  }

  /** Send bytes unless the client is gone. */
  send(bytes) {
    if (this.#open && bytes.length) this.#socket.write(bytes);
  }

  /** The messages that close all prepared statements of this client. */
  closeStatements() {
    return [...this.statements].map((name) => message('C', Buffer.from('S'), name));
  }

  #end() {
    if (!this.#open) return;
    this.#open = false;
    this.#copy = null;
    this.#backend.leave(this);
  }

  #read(chunk) {
    try {
      this.#reader.push(chunk, (bytes) => this.#open && this.#take(bytes));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.send(fatal('08P01', error.message));
      this.#socket.destroySoon();
    }
  }

  #take(bytes) {
    if (!this.#reader.typed) return this.#startUp(bytes);
    const type = String.fromCharCode(bytes[0]);
    if (type === 'X') {
      this.#end();
      this.#socket.end();
    } else if (this.#copy) this.#takeCopy(type, bytes);
    else if (type === 'Q') this.#takeQuery(bytes);
    else this.#takeExtended(type, bytes);
  }

  #startUp(bytes) {
    const code = bytes.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) return this.send(Buffer.from('N'));
    if (code === CANCEL_REQUEST) return this.#socket.end(); // WebAssembly cannot be interrupted
    this.#reader.typed = true;
    this.#backend.join(this);
    const parameters = Object.entries(PARAMETERS).map(([name, value]) => message('S', name, value));
    const authenticated = message('R', int32(0));
    const ready = message('Z', Buffer.from('I'));
    this.send(Buffer.concat([authenticated, ...parameters, message('K', int32(this.#id, 0)), ready]));
  }

  #takeQuery(bytes) {
    const sql = cstring(bytes, 5);
    this.#noteListen(LISTEN.exec(sql));
    if (COPY_IN.test(sql)) this.#beginCopy(sql, bytes);
    else if (DEALLOCATE_ALL.test(sql)) this.#deallocateAll();
    else this.#backend.submit(this, [bytes]);
  }

  #noteListen(found) {
    if (!found) return;
    const [, stops, channel] = found;
    if (!stops) this.channels.add(channel);
    else if (channel === '*') this.channels.clear();
    else this.channels.delete(channel);
  }

  // The backend cannot wait for input: the client is told to go on, and everything runs in one go.
  #beginCopy(sql, bytes) {
    this.#copy = [bytes];
    this.#copyBytes = 0;
    const format = /\bbinary\b/i.test(sql) ? 1 : 0;
    this.send(message('G', Buffer.from([format, 0, 0])));
  }

  #takeCopy(type, bytes) {
    if (!'dcf'.includes(type)) return;
    this.#copyBytes += bytes.length;
    if (this.#copyBytes > MAX_MESSAGE_BYTES) throw new RangeError('COPY of over 256 MB');
    this.#copy.push(bytes);
    if (type === 'd') return;
    const parts = this.#copy;
    this.#copy = null;
    this.#backend.submit(this, parts, { hidden: COPY_IN_RESPONSE, whole: true });
  }

  // psycopg sends it after DROP, ALTER and ROLLBACK. The others must keep their statements.
  #deallocateAll() {
    const nothing = message('Q', 'DO $$begin end$$');
    this.#backend.submit(this, [...this.closeStatements(), nothing], { hidden: CLOSE_COMPLETE });
    this.statements.clear();
  }

  #takeExtended(type, bytes) {
    this.#batch.push(this.#renamed(type, bytes));
    if (type !== 'S' && type !== 'H') return;
    this.#backend.submit(this, this.#batch);
    this.#batch = [];
  }

  // Each client has its own names for prepared statements. Portals end with the transaction.
  #renamed(type, bytes) {
    if (type === 'P') {
      const name = cstring(bytes, 5);
      if (name) this.statements.add(this.#own(name));
      return message('P', this.#own(name), bytes.subarray(6 + Buffer.byteLength(name)));
    }
    if (type === 'B') {
      const start = bytes.indexOf(0, 5) + 1;
      const name = cstring(bytes, start);
      const rest = bytes.subarray(start + 1 + Buffer.byteLength(name));
      return message('B', bytes.subarray(5, start), this.#own(name), rest);
    }
    if ((type === 'D' || type === 'C') && bytes[5] === STATEMENT) {
      const name = this.#own(cstring(bytes, 6));
      if (type === 'C') this.statements.delete(name);
      return message(type, bytes.subarray(5, 6), name);
    }
    return bytes;
  }

  #own(name) {
    return name ? `c${this.#id}_${name}` : '';
  }
}
