'use strict';
// The unmodified device SDK connects to the hub that provisioning assigned: telemetry, twins, direct methods.
const assert = require('node:assert/strict');
const { once } = require('node:events');
const https = require('node:https');
const test = require('node:test');

const { hubConnectionString, issue, newKey, ready, sdk, serviceClient, unique, withCertificate, withKey } = require('./support/setup.js');

const { Client, Message } = sdk('azure-iot-device');
const { Mqtt, MqttWs } = sdk('azure-iot-device-mqtt');
const { Client: ServiceClient, Registry } = sdk('azure-iothub');
const { SharedAccessSignature } = sdk('azure-iot-common');

const registry = Registry.fromConnectionString(hubConnectionString);
const service = ServiceClient.fromConnectionString(hubConnectionString);
const body = (answer) => answer.responseBody ?? answer;

// A provisioned device with a key, and what it connects with.
async function provisioned() {
  const [registrationId, primaryKey] = [unique('device'), newKey()];
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'symmetricKey', symmetricKey: { primaryKey, secondaryKey: newKey() } },
    initialTwin: { tags: { site: 'north' }, properties: { desired: { interval: 30 } } },
  });
  const { assignedHub, deviceId } = await withKey(registrationId, primaryKey);
  return { deviceId, text: `HostName=${assignedHub};DeviceId=${deviceId};SharedAccessKey=${primaryKey}` };
}

async function connected(t, transport = Mqtt) {
  const device = await provisioned();
  const client = Client.fromConnectionString(device.text, transport);
  t.after(() => client.close());
  await client.open();
  return { ...device, client };
}

// What the event log has behind a place, by the service's own key.
function readEvents(query) {
  const { SharedAccessKey, SharedAccessKeyName } = Object.fromEntries(
    hubConnectionString.split(';').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
  );
  const until = Math.ceil(Date.now() / 1000) + 600;
  const authorization = SharedAccessSignature.create(ready.localHub, SharedAccessKeyName, SharedAccessKey, until).toString();
  return new Promise((resolve, reject) => {
    const path = `/events?api-version=2021-04-12&${query}`;
    https
      .get({ host: ready.localHub, path, headers: { authorization } }, (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => resolve(text.split('\n').filter(Boolean).map((line) => JSON.parse(line))));
      })
      .on('error', reject);
  });
}

// The log has events of other kinds and devices, too.
const isTelemetryOf = (deviceId, { systemProperties }) =>
  systemProperties['iothub-connection-device-id'] === deviceId &&
  systemProperties['iothub-message-source'] === 'Telemetry';

const method = (deviceId, methodName, payload, more = {}) =>
  service.invokeDeviceMethod(deviceId, { methodName, payload, responseTimeoutInSeconds: 20, ...more });

for (const [name, transport] of [
  ['Mqtt', Mqtt],
  ['MqttWs', MqttWs],
]) {
  test(`${name}: a provisioned device sends telemetry, which stays readable`, async (t) => {
    const { client, deviceId } = await connected(t, transport);
    assert.equal(body(await registry.get(deviceId)).connectionState, 'Connected');
    const message = new Message(JSON.stringify({ temperature: 21 }));
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    message.messageId = 'm 1';
    message.properties.add('level', 'a/b&c');
    await client.sendEvent(message);
    const event = (await readEvents('max=1000')).find((each) => isTelemetryOf(deviceId, each));
    assert.deepEqual(event.body, { temperature: 21 });
    assert.deepEqual(event.properties, { level: 'a/b&c' });
    assert.equal(event.systemProperties.messageId, 'm 1');
    assert.equal(event.systemProperties.contentType, 'application/json');
    assert.equal(JSON.parse(event.systemProperties['iothub-connection-auth-method']).type, 'sas');
  });
}

test('a consumer keeps its place, and is told at once of what comes', async (t) => {
  const { client, deviceId } = await connected(t);
  // Other suites use the hub at the same time.
  const find = (events) => events.find((event) => isTelemetryOf(deviceId, event));
  await client.sendEvent(new Message('first'));
  const first = find(await readEvents('max=1000'));
  assert.equal(first.body, 'first');
  await readEvents(`consumer=line-7&after=${first.seq}`);
  const waiting = (async () => {
    for (let place = first.seq; ; ) {
      const events = await readEvents(`consumer=line-7&after=${place}&wait=30`);
      if (find(events)) return find(events);
      place = events.at(-1).seq;
    }
  })();
  await client.sendEvent(new Message('second'));
  const second = await waiting;
  assert.equal(second.body, 'second');
  assert.equal(find(await readEvents('consumer=line-7')).seq, second.seq, 'the place is the last one that was named');
});

test('a certificate of a provisioned device opens the hub', async (t) => {
  const registrationId = unique('device');
  const leaf = issue('device', registrationId);
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: leaf.cert } } } },
  });
  const { assignedHub, deviceId } = await withCertificate(registrationId, leaf);
  const client = Client.fromConnectionString(`HostName=${assignedHub};DeviceId=${deviceId};x509=true`, Mqtt);
  client.setOptions({ cert: leaf.cert, key: leaf.key });
  t.after(() => client.close());
  await client.open();
  await client.sendEvent(new Message('hello'));

  const other = issue('device', registrationId);
  const stranger = Client.fromConnectionString(`HostName=${assignedHub};DeviceId=${deviceId};x509=true`, Mqtt);
  stranger.setOptions({ cert: other.cert, key: other.key });
  t.after(() => stranger.close().catch(() => {}));
  await assert.rejects(stranger.open(), /Not authorized/);
});

test('a device reads its twin, reports, and hears of what is desired', async (t) => {
  const { client, deviceId } = await connected(t);
  const twin = await client.getTwin();
  assert.equal(twin.properties.desired.interval, 30);
  const changed = once(twin, 'properties.desired.interval');
  await new Promise((resolve, reject) =>
    twin.properties.reported.update({ firmware: '1.2', gone: null }, (error) => (error ? reject(error) : resolve())),
  );
  const stored = body(await registry.getTwin(deviceId));
  assert.equal(stored.properties.reported.firmware, '1.2');
  assert.ok(stored.properties.reported.$metadata.firmware.$lastUpdated);
  await changed; // the twin that was read is told first
  const pushed = once(twin, 'properties.desired.mode');
  await registry.updateTwin(deviceId, { properties: { desired: { mode: 'eco' } } }, '*');
  assert.deepEqual(await pushed, ['eco']);
});

test('a method is called and answered', async (t) => {
  const { client, deviceId } = await connected(t);
  client.onDeviceMethod('reboot', (request, response) => response.send(202, { seen: request.payload }));
  const { result } = await method(deviceId, 'reboot', { reason: 'ca-rollover' }, { connectTimeoutInSeconds: 20 });
  assert.deepEqual(result, { status: 202, payload: { seen: { reason: 'ca-rollover' } } });
  const nothing = await method(deviceId, 'reboot', null);
  assert.deepEqual(nothing.result, { status: 202, payload: { seen: null } });
});

test('a method that nobody answers ends as the client expects', async (t) => {
  const { client, deviceId } = await connected(t);
  await assert.rejects(method(unique('nobody'), 'reboot'), /Not found/);
  await assert.rejects(method(deviceId, 'reboot'), /Not found/); // connected, but takes no methods
  client.onDeviceMethod('slow', () => {});
  await assert.rejects(
    method(deviceId, 'slow', null, { connectTimeoutInSeconds: 20, responseTimeoutInSeconds: 1 }),
    { name: 'GatewayTimeoutError' },
  );
});

test('a device that is shut out loses its connection, and is not let in again', async (t) => {
  const { client, deviceId, text } = await connected(t);
  await client.sendEvent(new Message('here'));
  await registry.update({ ...body(await registry.get(deviceId)), status: 'disabled' });
  assert.equal(body(await registry.get(deviceId)).connectionState, 'Disconnected');
  // The client notices with what it sends next.
  await assert.rejects(async () => {
    for (;;) await client.sendEvent(new Message('still here'));
  }, /Not authorized/);
  const again = Client.fromConnectionString(text, Mqtt);
  t.after(() => again.close().catch(() => {}));
  await assert.rejects(again.open(), /Not authorized/);
});
