'use strict';
// TPMs in software for the SDK's TPM client: swtpm, behind the protocol that the client speaks.
const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { promisify } = require('node:util');

const { bridge } = require('./mssim_bridge');
const { sdk, unique } = require('./setup');

const { TpmSecurityClient } = sdk('azure-iot-security-tpm');
// The library that the client itself uses.
const tss = require(require.resolve('tss.js', { paths: [process.env.MUSTER_PACKAGES] }));

const START_MILLISECONDS = 10000;
let nextPort = 20000; // free, because the suites run in a network space of their own

async function waitFor(condition) {
  const deadline = Date.now() + START_MILLISECONDS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('swtpm did not start');
    await sleep(10);
  }
}

// A TPM with fresh state that ends with the test.
async function startTpm(t) {
  const folder = path.join(process.env.MUSTER_WORK, unique('tpm'));
  fs.mkdirSync(folder, { recursive: true });
  const socket = path.join(folder, 's');
  const swtpm = spawn(
    'swtpm',
    ['socket', '--tpm2', '--tpmstate', `dir=${folder}`, '--server', `type=unixio,path=${socket}`]
      .concat(['--ctrl', `type=unixio,path=${socket}.control`, '--flags', 'not-need-init,startup-clear']),
    { stdio: 'ignore' },
  );
  await waitFor(() => fs.existsSync(socket));
  const port = nextPort;
  nextPort += 2;
  const simulator = await bridge(port, socket);
  t.after(() => {
    simulator.close();
    swtpm.kill();
  });
  return { port };
}

// A client of the SDK; its connection to the TPM ends with the test. 
function clientOf(t, tpm, registrationId) {
  const device = new tss.Tpm(true, '127.0.0.1', tpm.port);
  t.after(() => device.close());
  return new TpmSecurityClient(registrationId, device);
}

async function keysOf(client) {
  const endorsementKey = await promisify(client.getEndorsementKey.bind(client))();
  const storageRootKey = await promisify(client.getStorageRootKey.bind(client))();
  return { endorsementKey: endorsementKey.toString('base64'), storageRootKey: storageRootKey.toString('base64') };
}

// The program under test on that TPM; what it prints.
async function muster(tpm, ...words) {
  const env = { ...process.env, MUSTER_TCTI: `mssim:host=127.0.0.1,port=${tpm.port}` };
  return (await promisify(execFile)(process.env.MUSTER_BINARY, words, { env, encoding: 'utf8' })).stdout;
}

module.exports = { clientOf, keysOf, muster, startTpm };
