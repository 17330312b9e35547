'use strict';
// The unmodified azure-iothub package manages the devices of a hub that is served here: identities, twins, queries.
const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const test = require('node:test');

const { hubConnectionString, newKey, ready, sdk, serviceClient, unique, withKey } = require('./support/setup.js');

const { Registry } = sdk('azure-iothub');
const registry = Registry.fromConnectionString(hubConnectionString);

const thumbprint = (octets) => randomBytes(octets).toString('hex').toUpperCase();
const key = () => randomBytes(32).toString('base64');

// The body of an answer; the client gives it with the response, or alone.
const body = (answer) => answer.responseBody ?? answer;

test('a device is created, read, replaced and removed', async () => {
  const deviceId = unique('pump');
  const created = body(await registry.create({ deviceId }));
  assert.equal(created.deviceId, deviceId);
  assert.equal(created.status, 'enabled');
  assert.equal(created.connectionState, 'Disconnected');
  assert.equal(Buffer.from(created.authentication.symmetricKey.primaryKey, 'base64').length, 32);
  assert.match(created.generationId, /^\d{18}$/);

  const read = body(await registry.get(deviceId));
  assert.deepEqual(read.authentication.symmetricKey, created.authentication.symmetricKey);

  const keys = { primaryKey: key(), secondaryKey: key() };
  const updated = body(
    await registry.update({ deviceId, status: 'disabled', statusReason: 'stolen', authentication: { symmetricKey: keys } }),
  );
  assert.equal(updated.status, 'disabled');
  assert.equal(updated.statusReason, 'stolen');
  assert.equal(updated.generationId, created.generationId, 'a replaced identity is the same device');
  assert.notEqual(updated.etag, created.etag);
  assert.equal(body(await registry.get(deviceId)).authentication.symmetricKey.primaryKey, keys.primaryKey);

  await registry.delete(deviceId);
  await assert.rejects(registry.get(deviceId), { name: 'DeviceNotFoundError' });
});

test('a replaced identity loses what is not given', async () => {
  const deviceId = unique('pump');
  await registry.create({ deviceId, status: 'disabled', statusReason: 'stolen', capabilities: { iotEdge: true } });
  const replaced = body(await registry.update({ deviceId }));
  assert.equal(replaced.status, 'enabled');
  assert.equal(replaced.statusReason, null);
  assert.equal(replaced.capabilities.iotEdge, false);
});

test('every kind of authentication is kept', async () => {
  for (const octets of [20, 32]) {
    const deviceId = unique('pump');
    const given = { primaryThumbprint: thumbprint(octets), secondaryThumbprint: thumbprint(octets) };
    await registry.create({ deviceId, authentication: { x509Thumbprint: given } });
    const { authentication } = body(await registry.get(deviceId));
    assert.equal(authentication.type, 'selfSigned');
    assert.deepEqual(authentication.x509Thumbprint, given);
  }
  const deviceId = unique('pump');
  await registry.create({ deviceId, authentication: { type: 'certificateAuthority' } });
  assert.equal(body(await registry.get(deviceId)).authentication.type, 'certificateAuthority');
});

test('what cannot be is refused as the client expects', async () => {
  const deviceId = unique('pump');
  await registry.create({ deviceId });
  await assert.rejects(registry.create({ deviceId }), { name: 'DeviceAlreadyExistsError' });
  await assert.rejects(registry.update({ deviceId: unique('nobody') }), { name: 'DeviceNotFoundError' });
  await assert.rejects(registry.delete(unique('nobody')), { name: 'DeviceNotFoundError' });
  const uneven = { primaryThumbprint: thumbprint(20), secondaryThumbprint: thumbprint(32) };
  await assert.rejects(registry.create({ deviceId: unique('pump'), authentication: { x509Thumbprint: uneven } }), {
    name: 'ArgumentError',
  });
  const stranger = Registry.fromConnectionString(hubConnectionString.replace(/SharedAccessKey=.*/, `SharedAccessKey=${key()}`));
  await assert.rejects(stranger.get(deviceId), { name: 'UnauthorizedError' });
});

test('an update by etag loses against a newer one', async () => {
  const deviceId = unique('pump');
  const { etag } = body(await registry.create({ deviceId }));
  await registry.update({ deviceId, statusReason: 'newer' });
  const twin = body(await registry.getTwin(deviceId));
  assert.equal(twin.etag, 'AAAAAAAAAAE=', 'the twin is not touched');
  assert.notEqual(body(await registry.get(deviceId)).etag, etag);
});

test('devices are listed and counted', async () => {
  const deviceId = unique('pump');
  await registry.create({ deviceId });
  const ids = body(await registry.list()).map((device) => device.deviceId);
  assert.ok(ids.includes(deviceId));
  const statistics = body(await registry.getRegistryStatistics());
  assert.equal(statistics.totalDeviceCount, ids.length);
  assert.equal(statistics.enabledDeviceCount + statistics.disabledDeviceCount, ids.length);
});

test('many devices go in, change and leave in one call', async () => {
  const devices = [1, 2, 3].map((number) => ({ deviceId: unique(`bulk-${number}`) }));
  const added = body(await registry.addDevices(devices));
  assert.equal(added.isSuccessful, true);
  const changed = body(await registry.updateDevices(devices.map((one) => ({ ...one, status: 'disabled' })), true));
  assert.equal(changed.isSuccessful, true);
  assert.equal(body(await registry.get(devices[0].deviceId)).status, 'disabled');
  const removed = body(await registry.removeDevices(devices, true));
  assert.equal(removed.isSuccessful, true);
  await assert.rejects(registry.get(devices[1].deviceId), { name: 'DeviceNotFoundError' });
});

test('one bad device of many does not keep the others out', async () => {
  const [first, second] = [unique('bulk'), unique('bulk')];
  await registry.create({ deviceId: first });
  await assert.rejects(registry.addDevices([{ deviceId: first }, { deviceId: second }]));
  assert.equal(body(await registry.get(second)).deviceId, second);
});

test('a twin is merged and replaced', async () => {
  const deviceId = unique('pump');
  await registry.create({ deviceId });
  const first = body(await registry.getTwin(deviceId));
  assert.equal(first.properties.desired.$version, 1);

  const merged = body(
    await registry.updateTwin(deviceId, { tags: { site: 'north', line: 7 }, properties: { desired: { interval: 30 } } }, '*'),
  );
  assert.deepEqual(merged.tags, { site: 'north', line: 7 });
  assert.equal(merged.properties.desired.interval, 30);
  assert.equal(merged.properties.desired.$version, 2);
  assert.ok(merged.properties.desired.$metadata.interval.$lastUpdated);

  const cut = body(await registry.updateTwin(deviceId, { tags: { line: null } }, merged.etag));
  assert.deepEqual(cut.tags, { site: 'north' });
  await assert.rejects(registry.updateTwin(deviceId, { tags: { line: 8 } }, merged.etag), { name: 'InvalidEtagError' });

  const { responseBody: twin } = await registry.getTwin(deviceId);
  await twin.update({ properties: { desired: { interval: null, mode: 'eco' } } });
  const now = body(await registry.getTwin(deviceId));
  assert.equal(now.properties.desired.interval, undefined);
  assert.equal(now.properties.desired.mode, 'eco');
});

test('twins are found by query, page by page', async () => {
  const wave = unique('wave');
  for (let number = 0; number < 5; number++) {
    const deviceId = unique('pump');
    await registry.create({ deviceId });
    await registry.updateTwin(deviceId, { tags: { wave, number } }, '*');
  }
  const query = registry.createQuery(`SELECT * FROM devices WHERE tags.wave = '${wave}' AND tags.number != 2`, 2);
  const numbers = [];
  let pages = 0;
  while (query.hasMoreResults) {
    const { result } = await query.nextAsTwin();
    pages += 1;
    numbers.push(...result.map((twin) => twin.tags.number));
  }
  assert.deepEqual(numbers.sort(), [0, 1, 3, 4]);
  assert.ok(pages >= 2);
  await assert.rejects(registry.createQuery('SELECT * FROM devices WHERE').nextAsTwin(), { name: 'ArgumentError' });
});

test('a device that provisioning assigned is in the registry, with its key and first twin', async () => {
  const [registrationId, primaryKey] = [unique('device'), newKey()];
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'symmetricKey', symmetricKey: { primaryKey, secondaryKey: newKey() } },
    initialTwin: { tags: { site: 'north' }, properties: { desired: { interval: 30 } } },
  });
  const result = await withKey(registrationId, primaryKey);
  assert.equal(result.assignedHub, ready.localHub);
  const device = body(await registry.get(result.deviceId));
  assert.equal(device.authentication.symmetricKey.primaryKey, primaryKey);
  const twin = body(await registry.getTwin(result.deviceId));
  assert.equal(twin.tags.site, 'north');
  assert.equal(twin.properties.desired.interval, 30);
});
