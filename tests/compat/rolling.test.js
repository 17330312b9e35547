'use strict';
// A device's life with rolling certificates, with the unmodified SDKs: its hub refuses the new certificate, registering
// again brings it to the hub, and the twin stays; after a breach one action cuts it off everywhere.
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const test = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');

const { hubConnectionString, issue, ready, sdk, serviceClient, unique, withCertificate } = require('./support/setup');
const { uploadVerified } = require('./support/management');

const { Client, Message } = sdk('azure-iot-device');
const { Mqtt } = sdk('azure-iot-device-mqtt');
const { Registry } = sdk('azure-iothub');

const registry = Registry.fromConnectionString(hubConnectionString);
const body = (answer) => answer.responseBody ?? answer;
const twinOf = async (deviceId) => body(await registry.getTwin(deviceId));

// What an operator types.
const muster = (...words) =>
  execFileSync(process.env.MUSTER_BINARY, [...words, '-o', 'json'], {
    env: { ...process.env, MUSTER_CONNECTION_STRING_FILE: ready.connectionStringFile, MUSTER_CA: ready.caFile },
    encoding: 'utf8',
  });

async function openWith(t, { assignedHub, deviceId }, leaf) {
  const client = Client.fromConnectionString(`HostName=${assignedHub};DeviceId=${deviceId};x509=true`, Mqtt);
  client.setOptions({ cert: leaf.cert, key: leaf.key });
  t.after(() => client.close().catch(() => {}));
  await client.open();
  return client;
}

const refusedWith = (t, assignment, leaf) => assert.rejects(openWith(t, assignment, leaf), /Not authorized/);

// The SDK tries again for minutes before it says that it was dropped; the hub knows at once.
async function dropped(deviceId) {
  while (body(await registry.get(deviceId)).connectionState !== 'Disconnected') await pause(20);
}

const report = (twin, patch) =>
  new Promise((resolve, reject) => twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve())));

// A group of the devices below an intermediate certificate, whose root is verified.
async function productionLine() {
  const root = issue('authority', unique('Rolling Root'));
  const line = issue('authority', unique('Rolling Line'), root);
  await uploadVerified(unique('rolling-root'), root);
  const enrollmentGroupId = unique('line');
  await serviceClient.createOrUpdateEnrollmentGroup({
    enrollmentGroupId,
    attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: line.cert } } } },
    initialTwin: { tags: { site: 'north' }, properties: { desired: { interval: 30 } } },
  });
  return { line, enrollmentGroupId };
}

test('a device of a group rolls its certificate and keeps its twin', async (t) => {
  const { line } = await productionLine();
  const deviceId = unique('device');
  const old = issue('device', deviceId, line);
  const assignment = await withCertificate(deviceId, old, line);
  const before = await openWith(t, assignment, old);
  await report(await before.getTwin(), { firmware: '1.2' });
  await registry.updateTwin(deviceId, { tags: { owner: 'line 7' } }, '*');
  const { generationId } = body(await registry.get(deviceId));

  const rolled = issue('device', deviceId, line);
  await refusedWith(t, assignment, rolled);
  const again = await withCertificate(deviceId, rolled, line);
  assert.equal(again.assignedHub, assignment.assignedHub);
  await dropped(deviceId); // the old certificate is good for nothing any more, not even for what is connected
  const after = await openWith(t, again, rolled);
  await after.sendEvent(new Message('hello'));

  const twin = await twinOf(deviceId);
  assert.deepEqual(twin.tags, { site: 'north', owner: 'line 7' });
  assert.equal(twin.properties.desired.interval, 30);
  assert.equal(twin.properties.reported.firmware, '1.2');
  assert.equal(body(await registry.get(deviceId)).generationId, generationId, 'the same device');
  await refusedWith(t, again, old);
});

test('an individual enrollment takes a secondary certificate before the first expires', async (t) => {
  const registrationId = unique('device');
  const old = issue('device', registrationId);
  const rolled = issue('device', registrationId);
  const enroll = (primary, secondary) =>
    serviceClient.createOrUpdateIndividualEnrollment({
      registrationId,
      etag: '*',
      attestation: {
        type: 'x509',
        x509: {
          clientCertificates: {
            primary: { certificate: primary.cert },
            ...(secondary && { secondary: { certificate: secondary.cert } }),
          },
        },
      },
    });
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: old.cert } } } },
  });
  const assignment = await withCertificate(registrationId, old);
  const before = await openWith(t, assignment, old);
  await report(await before.getTwin(), { firmware: '2.0' });

  await enroll(old, rolled);
  await refusedWith(t, assignment, rolled);
  const again = await withCertificate(registrationId, rolled);
  await (await openWith(t, again, rolled)).sendEvent(new Message('hello'));
  assert.equal((await twinOf(registrationId)).properties.reported.firmware, '2.0');

  await enroll(rolled);
  await assert.rejects(withCertificate(registrationId, old), 'the old one is no part of the enrollment any more');
});

test('a breach: one action cuts the device off at the service and at its hub', async (t) => {
  const registrationId = unique('device');
  const leaf = issue('device', registrationId);
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: leaf.cert } } } },
  });
  const assignment = await withCertificate(registrationId, leaf);
  await openWith(t, assignment, leaf);

  const answer = JSON.parse(muster('enrollment', 'revoke', '--eid', registrationId, '--reason', 'key stolen'));
  assert.equal(answer.provisioningStatus, 'disabled');
  assert.deepEqual(
    answer.devices.map((device) => [device.deviceId, device.outcome]),
    [[registrationId, 'disabled']],
  );
  await dropped(registrationId);
  await refusedWith(t, assignment, leaf);
  await assert.rejects(withCertificate(registrationId, leaf));
  const identity = body(await registry.get(registrationId));
  assert.equal(identity.status, 'disabled');
  assert.equal(identity.statusReason, 'key stolen');

  muster('enrollment', 'restore', '--eid', registrationId);
  await (await openWith(t, await withCertificate(registrationId, leaf), leaf)).sendEvent(new Message('back'));
});

test('a breach of a signing certificate cuts off every device of its group', async (t) => {
  const { line, enrollmentGroupId } = await productionLine();
  const fleet = [];
  for (let number = 0; number < 3; ++number) {
    const deviceId = unique('device');
    const leaf = issue('device', deviceId, line);
    const assignment = await withCertificate(deviceId, leaf, line);
    await openWith(t, assignment, leaf);
    fleet.push({ assignment, leaf });
  }
  const answer = JSON.parse(muster('group', 'revoke', '--gid', enrollmentGroupId, '--reason', 'line CA stolen'));
  assert.equal(answer.devices.length, fleet.length);
  for (const { assignment, leaf } of fleet) {
    await dropped(assignment.deviceId);
    await refusedWith(t, assignment, leaf);
    await assert.rejects(withCertificate(assignment.deviceId, leaf, line));
  }
});
