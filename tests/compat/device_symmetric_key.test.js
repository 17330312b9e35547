'use strict';
// azure-iot-provisioning-device over HTTPS with symmetric keys; the entries are made by azure-iot-provisioning-service.
const assert = require('node:assert/strict');
const test = require('node:test');

const { deriveKey, newKey, ready, serviceClient, unique, withKey } = require('./support/setup');

const symmetric = (primaryKey, secondaryKey) => ({ type: 'symmetricKey', symmetricKey: { primaryKey, secondaryKey } });

function assertAssigned(result, deviceId) {
  assert.equal(result.status, 'assigned');
  assert.equal(result.assignedHub, ready.localHub);
  assert.equal(result.deviceId, deviceId);
}

test('individual enrollment: either key registers the device', async () => {
  const registrationId = unique('node-sym');
  const [primary, secondary] = [newKey(), newKey()];
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: symmetric(primary, secondary),
  });
  assertAssigned(await withKey(registrationId, primary), registrationId);
  assertAssigned(await withKey(registrationId, secondary), registrationId);
});

test('individual enrollment: keys that the service generated register the device', async () => {
  const registrationId = unique('node-sym');
  const made = await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'symmetricKey' },
  });
  assertAssigned(await withKey(registrationId, made.responseBody.attestation.symmetricKey.primaryKey), registrationId);
});

test('individual enrollment: device id of the entry is given', async () => {
  const registrationId = unique('urn:node:sym');
  const key = newKey();
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    deviceId: `${registrationId}-d`,
    attestation: symmetric(key, key),
  });
  assertAssigned(await withKey(registrationId, key), `${registrationId}-d`);
});

test('enrollment group: derived keys register devices, the master key does not', async () => {
  const master = newKey();
  await serviceClient.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: unique('node-group'),
    attestation: symmetric(master, newKey()),
  });
  for (const registrationId of [unique('node-grp'), unique('node-grp')]) {
    assertAssigned(await withKey(registrationId, deriveKey(master, registrationId)), registrationId);
  }
  await assert.rejects(withKey(unique('node-grp'), master));
});

test('wrong key is an error', async () => {
  const registrationId = unique('node-sym');
  const key = newKey();
  await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation: symmetric(key, key) });
  await assert.rejects(withKey(registrationId, newKey()), (error) =>
    /401|[Uu]nauthorized/.test(`${error.name} ${error.message}`),
  );
});

test('disabled entry is an error', async () => {
  const registrationId = unique('node-sym');
  const key = newKey();
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: symmetric(key, key),
    provisioningStatus: 'disabled',
  });
  await assert.rejects(withKey(registrationId, key));
});

test('registering again gives the same device on the same hub', async () => {
  const registrationId = unique('node-sym');
  const key = newKey();
  await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation: symmetric(key, key) });
  const first = await withKey(registrationId, key);
  const again = await withKey(registrationId, key);
  assertAssigned(again, registrationId);
  assert.equal(again.createdDateTimeUtc, first.createdDateTimeUtc);
});
