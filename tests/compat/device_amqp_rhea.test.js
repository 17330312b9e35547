'use strict';
// The device API over AMQP as seen by rhea: what the SDK hides (device-api.md 7).
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const test = require('node:test');

const { newKey, ready, sdk, serviceClient, unique } = require('./support/setup');

const rhea = sdk('rhea');

function token(resource, key) {
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('SHA256', Buffer.from(key, 'base64')).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}`;
}

// One request over a connection of its own: { message, accepted } or { error }.
function ask(registrationId, key, message) {
  const resource = `${ready.idScope}/registrations/${registrationId}`;
  return new Promise((resolve, reject) => {
    const outcome = {};
    const connection = rhea.create_container().connect({
      host: 'localhost',
      port: ready.amqpPort,
      transport: 'tls',
      ca: fs.readFileSync(ready.caFile),
      username: resource,
      password: token(resource, key),
      reconnect: false,
    });
    const finish = () => {
      connection.close();
      resolve(outcome);
    };
    connection.on('receiver_open', () => connection.open_sender(resource));
    connection.once('sendable', (context) => context.sender.send(message));
    connection.on('rejected', (context) => {
      outcome.error = context.delivery.remote_state.error;
      finish();
    });
    connection.on('message', (context) => {
      outcome.message = context.message;
      finish();
    });
    connection.on('disconnected', (context) => reject(context.error ?? new Error('disconnected')));
    connection.on('connection_error', (context) => reject(context.connection.error));
    connection.open_receiver(resource);
  });
}

async function enrolled() {
  const registrationId = unique('rhea');
  const key = newKey();
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: key, secondaryKey: key } },
  });
  return { registrationId, key };
}

test('rhea: response is one data section with the request\'s correlation-id', async () => {
  const { registrationId, key } = await enrolled();
  const { message } = await ask(registrationId, key, {
    correlation_id: 'mine',
    application_properties: { 'iotdps-operation-type': 'iotdps-register' },
    body: rhea.message.data_section(Buffer.from('{}')),
  });
  assert.equal(message.correlation_id, 'mine');
  assert.equal(message.application_properties['retry-after'], message.application_properties['Retry-After']);
  assert.equal(message.body.typecode, 0x75);
  assert.equal(JSON.parse(message.body.content.toString()).status, 'assigning');
});

test('rhea: correlation-ids of other types come back as they were', async () => {
  const { registrationId, key } = await enrolled();
  for (const correlation_id of [7, Buffer.alloc(16, 3)]) {
    const { message } = await ask(registrationId, key, {
      correlation_id,
      application_properties: { 'iotdps-operation-type': 'iotdps-register' },
      body: '',
    });
    assert.deepEqual(message.correlation_id, correlation_id);
  }
});

test('rhea: refusal is a rejected disposition with the error body', async () => {
  const { registrationId } = await enrolled();
  const { error } = await ask(registrationId, newKey(), {
    application_properties: { 'iotdps-operation-type': 'iotdps-register' },
    body: '',
  });
  assert.equal(error.condition, 'amqp:unauthorized-access');
  assert.equal(JSON.parse(error.description).errorCode, 401002);
});
