'use strict';
// Messages to the unmodified device SDK: sent over HTTPS, taken over MQTT, completed, told about by events.
const assert = require('node:assert/strict');
const https = require('node:https');
const test = require('node:test');

const { hubConnectionString, newKey, ready, sdk, unique } = require('./support/setup.js');

const { Client } = sdk('azure-iot-device');
const { Mqtt, MqttWs } = sdk('azure-iot-device-mqtt');
const { Registry } = sdk('azure-iothub');
const { SharedAccessSignature } = sdk('azure-iot-common');

const registry = Registry.fromConnectionString(hubConnectionString);
const { SharedAccessKey, SharedAccessKeyName } = Object.fromEntries(
  hubConnectionString.split(';').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
);

// A call to the hub by the owner's own key: { status, headers, text }.
function call(method, path, headers = {}, body = '') {
  const until = Math.ceil(Date.now() / 1000) + 600;
  const authorization = SharedAccessSignature.create(ready.localHub, SharedAccessKeyName, SharedAccessKey, until).toString();
  return new Promise((resolve, reject) => {
    const all = { authorization, 'content-length': Buffer.byteLength(body), ...headers };
    const request = https.request({ host: ready.localHub, path, method, headers: all }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function send(deviceId, body, headers = {}) {
  const answer = await call('POST', `/devices/${deviceId}/messages/devicebound?api-version=2021-04-12`, headers, body);
  assert.equal(answer.status, 204, answer.text);
  return answer.headers['iothub-messageid'];
}

async function madeDevice() {
  const [deviceId, primaryKey] = [unique('pump'), newKey()];
  await registry.create({ deviceId, authentication: { symmetricKey: { primaryKey, secondaryKey: newKey() } } });
  return { deviceId, text: `HostName=${ready.localHub};DeviceId=${deviceId};SharedAccessKey=${primaryKey}` };
}

// The next `count` messages of a device that connects now, each completed.
function completed(client, count) {
  return new Promise((resolve, reject) => {
    const came = [];
    client.on('message', (message) => {
      client.complete(message, (error) => {
        if (error) reject(error);
        came.push(message);
        if (came.length === count) resolve(came);
      });
    });
  });
}

const waiting = async (deviceId) => {
  const { responseBody } = await registry.get(deviceId);
  return responseBody.cloudToDeviceMessageCount;
};

async function allEnded(deviceId) {
  while ((await waiting(deviceId)) > 0) await new Promise(setImmediate);
}

// [[status, message id]] of what is told of the device's messages.
async function feedback(deviceId) {
  const { text } = await call('GET', '/events?api-version=2021-04-12&max=1000');
  const events = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return events
    .filter((event) => event.systemProperties['iothub-message-source'] === 'deviceMessageFeedback')
    .flatMap((event) => event.body)
    .filter((record) => record.deviceId === deviceId)
    .map((record) => [record.statusCode, record.originalMessageId]);
}

for (const [name, transport] of [
  ['Mqtt', Mqtt],
  ['MqttWs', MqttWs],
]) {
  test(`${name}: messages wait for a device, come in order with their properties, and are completed`, async (t) => {
    const { deviceId, text } = await madeDevice();
    const first = await send(deviceId, '{"valve":"shut"}', {
      'iothub-correlationid': 'c 1',
      'iothub-app-level': 'a/b&c=d+e',
      'iothub-ack': 'full',
      'content-type': 'application/json',
      'content-encoding': 'utf-8',
    });
    assert.equal(await waiting(deviceId), 1);
    const client = Client.fromConnectionString(text, transport);
    t.after(() => client.close());
    await client.open();
    const both = completed(client, 2);
    const second = await send(deviceId, Buffer.from([0, 255, 7]), { 'iothub-ack': 'full' });
    const [one, two] = await both;
    assert.deepEqual(JSON.parse(one.getData().toString()), { valve: 'shut' });
    assert.equal(one.messageId, first);
    assert.equal(one.correlationId, 'c 1');
    assert.equal(one.contentType, 'application/json');
    assert.equal(one.contentEncoding, 'utf-8');
    assert.equal(one.to, `/devices/${deviceId}/messages/deviceBound`);
    assert.equal(one.properties.getValue('level'), 'a/b&c=d+e');
    assert.ok(new Date(one.expiryTimeUtc) > new Date());
    assert.deepEqual([...two.getData()], [0, 255, 7]);
    assert.equal(two.messageId, second);
    await allEnded(deviceId);
    assert.deepEqual(await feedback(deviceId), [
      ['Success', first],
      ['Success', second],
    ]);
  });
}

test('a device that was away gets what came meanwhile, once', async (t) => {
  const { deviceId, text } = await madeDevice();
  const client = Client.fromConnectionString(text, Mqtt);
  await client.open();
  const early = completed(client, 1);
  await send(deviceId, 'early');
  await early;
  await allEnded(deviceId);
  await client.close();
  await send(deviceId, 'late');
  const again = Client.fromConnectionString(text, Mqtt);
  t.after(() => again.close());
  await again.open();
  const [message] = await completed(again, 1);
  assert.equal(message.getData().toString(), 'late');
});
