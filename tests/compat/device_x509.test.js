'use strict';
// azure-iot-provisioning-device over HTTPS with certificates.
const assert = require('node:assert/strict');
const test = require('node:test');

const { issue, ready, serviceClient, unique, withCertificate } = require('./support/setup');
const { uploadVerified } = require('./support/management');

const individual = (certificate) => ({ type: 'x509', x509: { clientCertificates: { primary: { certificate } } } });
const group = (certificate) => ({ type: 'x509', x509: { signingCertificates: { primary: { certificate } } } });

function assertAssigned(result, deviceId) {
  assert.equal(result.status, 'assigned');
  assert.equal(result.assignedHub, ready.localHub);
  assert.equal(result.deviceId, deviceId);
}

test('individual enrollment: self-signed certificate registers the device', async () => {
  const registrationId = unique('node-x509');
  const leaf = issue('device', registrationId);
  await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation: individual(leaf.cert) });
  assertAssigned(await withCertificate(registrationId, leaf), registrationId);
});

test('individual enrollment: another certificate of the same name is an error', async () => {
  const registrationId = unique('node-x509');
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: individual(issue('device', registrationId).cert),
  });
  await assert.rejects(withCertificate(registrationId, issue('device', registrationId)));
});

test('enrollment group: leaf with its intermediate registers below the verified root', async () => {
  const root = issue('authority', unique('Node Root'));
  const line = issue('authority', unique('Node Line'), root);
  await uploadVerified(unique('node-root'), root);
  // The SDK's own tests send a group's certificate as base64 of the PEM text.
  const certificate = Buffer.from(root.cert).toString('base64');
  await serviceClient.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: unique('node-group'),
    attestation: group(certificate),
  });
  const registrationId = unique('node-leaf');
  assertAssigned(await withCertificate(registrationId, issue('device', registrationId, line), line), registrationId);
});

test('enrollment group: missing intermediate is an error', async () => {
  const root = issue('authority', unique('Node Root'));
  const line = issue('authority', unique('Node Line'), root);
  await uploadVerified(unique('node-root'), root);
  await serviceClient.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: unique('node-group'),
    attestation: group(root.cert),
  });
  const registrationId = unique('node-leaf');
  await assert.rejects(withCertificate(registrationId, issue('device', registrationId, line)));
});

test('enrollment group: unverified root is an error', async () => {
  const root = issue('authority', unique('Node Root'));
  await serviceClient.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: unique('node-group'),
    attestation: group(root.cert),
  });
  const registrationId = unique('node-leaf');
  await assert.rejects(withCertificate(registrationId, issue('device', registrationId, root), root));
});
