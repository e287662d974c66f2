// node server.mjs DATA_DIR PORT            TimescaleDB (WebAssembly, one backend) on 127.0.0.1:PORT
// node server.mjs DATA_DIR --create-only   make the database and end
//
// One Postgres session is shared by all connections, which take turns per transaction: SET, temporary
// tables and advisory locks are shared, cancelling does nothing. For trying out, not for production.

import { createHash } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { Backend, openDatabase } from './backend.mjs';
import { Connection } from './connection.mjs';

const HOST = '127.0.0.1';

/** Hold the directory, which PGlite does not: an abstract socket of Linux, gone with the process. */
function lockDirectory(dataDir) {
  if (process.platform !== 'linux') return Promise.resolve();
  const name = createHash('sha256').update(path.resolve(dataDir)).digest('hex');
  return listen(net.createServer().unref(), `\0plantstream:${name}`);
}

function listen(server, ...where) {
  return new Promise((done, failed) => server.once('error', failed).listen(...where, done));
}

function stopOnSignal(database) {
  const stop = async () => {
    await database.close().catch((error) => console.error('closing failed:', error));
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);
}

async function serve(database, port) {
  const backend = new Backend(database);
  await listen(net.createServer((socket) => new Connection(socket, backend)), port, HOST);
  const seconds = (performance.now() / 1000).toFixed(1);
  console.log(`ready on ${HOST}:${port}, pid ${process.pid}, after ${seconds} s`);
}

async function main([dataDir, what]) {
  await lockDirectory(dataDir);
  const database = await openDatabase(dataDir);
  if (what === '--create-only') return database.close();
  stopOnSignal(database);
  await serve(database, Number(what));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.code === 'EADDRINUSE' ? `in use: ${error.address}` : error);
  process.exit(1);
});
