'use strict';
// The SDK's TPM library speaks the protocol of Microsoft's TPM simulator, swtpm plain TPM commands: this stands between.
const net = require('node:net');

// Calls of the simulator's two ports; all numbers have four octets, big-endian.
const [POWER_ON, SEND, NV_ON, HANDSHAKE, SESSION_END, STOP] = [1, 8, 11, 15, 20, 21];
const SERVER_VERSION = 1;
const TPM_HEADER = 10; // tag, size of the whole, code

const numbers = (...values) => {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => out.writeUInt32BE(value, 4 * index));
  return out;
};

// Octets that have come, taken in pieces of known size.
class Inbox {
  #octets = Buffer.alloc(0);
  #waiting = [];

  add(octets) {
    this.#octets = Buffer.concat([this.#octets, octets]);
    while (this.#waiting.length > 0 && this.#octets.length >= this.#waiting[0].size) {
      const { size, resolve } = this.#waiting.shift();
      resolve(this.#octets.subarray(0, size));
      this.#octets = this.#octets.subarray(size);
    }
  }

  take(size) {
    return new Promise((resolve) => {
      this.#waiting.push({ size, resolve });
      this.add(Buffer.alloc(0));
    });
  }

  async number() {
    return (await this.take(4)).readUInt32BE();
  }
}

function inboxOf(socket) {
  const inbox = new Inbox();
  socket.on('data', (octets) => inbox.add(octets));
  socket.on('error', () => socket.destroy());
  return inbox;
}

// swtpm serves one connection; over it goes one command after the other, whoever sends them.
class Swtpm {
  #socket;
  #responses;
  #last = Promise.resolve();

  constructor(path) {
    this.#socket = net.connect(path);
    this.#responses = inboxOf(this.#socket);
  }

  execute(command) {
    this.#last = this.#last.then(async () => {
      this.#socket.write(command);
      const header = await this.#responses.take(TPM_HEADER);
      return Buffer.concat([header, await this.#responses.take(header.readUInt32BE(2) - TPM_HEADER)]);
    });
    return this.#last;
  }

  close() {
    this.#socket.destroy();
  }
}

// One client of the TPM port.
async function serveCommands(client, swtpm) {
  const requests = inboxOf(client);
  for (;;) {
    const call = await requests.number();
    if (call === HANDSHAKE) {
      await requests.number(); // the client's version
      client.write(numbers(SERVER_VERSION, 1, 0));
    } else if (call === SEND) {
      await requests.take(1); // locality
      const response = await swtpm.execute(await requests.take(await requests.number()));
      client.write(Buffer.concat([numbers(response.length), response, numbers(0)]));
    } else {
      if (call !== SESSION_END && call !== STOP) throw new Error(`unknown call ${call} of the TPM port`);
      client.end();
      return;
    }
  }
}

async function servePlatform(client) {
  const requests = inboxOf(client);
  for (;;) {
    const call = await requests.number();
    if (call !== POWER_ON && call !== NV_ON) {
      client.end();
      return;
    }
    client.write(numbers(0)); // swtpm is on already
  }
}

const listen = (port, serve) =>
  new Promise((resolve, reject) => {
    const server = net.createServer((client) => {
      serve(client).catch((error) => client.destroy(error));
    });
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

// Serves the simulator's protocol at `port` and the one above for the swtpm at a Unix socket; `close` ends it.
async function bridge(port, swtpmPath) {
  const swtpm = new Swtpm(swtpmPath);
  const servers = [
    await listen(port, (client) => serveCommands(client, swtpm)),
    await listen(port + 1, servePlatform),
  ];
  return {
    close() {
      servers.forEach((server) => server.close());
      swtpm.close();
    },
  };
}

module.exports = { bridge };
