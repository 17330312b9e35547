'use strict';
// The registrations that have to work over every transport, with the unmodified device SDK.
const assert = require('node:assert/strict');
const test = require('node:test');

const { deriveKey, issue, newKey, ready, register, sdk, serviceClient, unique } = require('./setup');
const { uploadVerified } = require('./management');

const { SymmetricKeySecurityClient } = sdk('azure-iot-security-symmetric-key');
const { X509Security } = sdk('azure-iot-security-x509');

const symmetric = (key) => ({ type: 'symmetricKey', symmetricKey: { primaryKey: key, secondaryKey: newKey() } });
const pem = (chain) => chain.map((one) => one.cert).join('');

// `Transport` is the SDK's class.
function testRegistrations(name, Transport) {
  const withKey = (registrationId, key) =>
    register(new Transport(), new SymmetricKeySecurityClient(registrationId, key));
  const withChain = (registrationId, ...chain) =>
    register(new Transport(), new X509Security(registrationId, { cert: pem(chain), key: chain[0].key }));

  function assertAssigned(result, deviceId) {
    assert.equal(result.status, 'assigned');
    assert.equal(result.assignedHub, ready.localHub);
    assert.equal(result.deviceId, deviceId);
  }

  test(`${name}: key of an individual enrollment`, async () => {
    const registrationId = unique('node-sym');
    const key = newKey();
    await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation: symmetric(key) });
    assertAssigned(await withKey(registrationId, key), registrationId);
  });

  test(`${name}: key derived from a group's`, async () => {
    const master = newKey();
    await serviceClient.createOrUpdateEnrollmentGroup({
      enrollmentGroupId: unique('node-group'),
      attestation: symmetric(master),
    });
    const registrationId = unique('node-grp');
    assertAssigned(await withKey(registrationId, deriveKey(master, registrationId)), registrationId);
  });

  test(`${name}: wrong key is an error`, async () => {
    const registrationId = unique('node-sym');
    await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation: symmetric(newKey()) });
    await assert.rejects(withKey(registrationId, newKey()));
  });

  test(`${name}: self-signed certificate`, async () => {
    const registrationId = unique('node-x509');
    const leaf = issue('device', registrationId);
    await serviceClient.createOrUpdateIndividualEnrollment({
      registrationId,
      attestation: { type: 'x509', x509: { clientCertificates: { primary: { certificate: leaf.cert } } } },
    });
    assertAssigned(await withChain(registrationId, leaf), registrationId);
  });

  test(`${name}: leaf with its intermediate`, async () => {
    const root = issue('authority', unique('Node Root'));
    const line = issue('authority', unique('Node Line'), root);
    await uploadVerified(unique('node-root'), root);
    await serviceClient.createOrUpdateEnrollmentGroup({
      enrollmentGroupId: unique('node-group'),
      attestation: { type: 'x509', x509: { signingCertificates: { primary: { certificate: root.cert } } } },
    });
    const registrationId = unique('node-leaf');
    assertAssigned(await withChain(registrationId, issue('device', registrationId, line), line), registrationId);
  });
}

module.exports = { testRegistrations };
