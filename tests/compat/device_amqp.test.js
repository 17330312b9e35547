'use strict';
// azure-iot-provisioning-device over AMQP, straight and in WebSocket.
const assert = require('node:assert/strict');
const test = require('node:test');

const { newKey, register, sdk, serviceClient, unique } = require('./support/setup');
const { testRegistrations } = require('./support/registrations');

const { Amqp, AmqpWs } = sdk('azure-iot-provisioning-device-amqp');
const { SymmetricKeySecurityClient } = sdk('azure-iot-security-symmetric-key');

testRegistrations('AMQP', Amqp);
testRegistrations('AMQP in WebSocket', AmqpWs);

test('AMQP: the SDK hands on why a message was rejected', async () => {
  const registrationId = unique('node-sym');
  const symmetricKey = { primaryKey: newKey(), secondaryKey: newKey() };
  await serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'symmetricKey', symmetricKey },
  });
  await assert.rejects(register(new Amqp(), new SymmetricKeySecurityClient(registrationId, newKey())), (error) => {
    assert.equal(error.condition, 'amqp:unauthorized-access');
    assert.equal(JSON.parse(error.description).errorCode, 401002);
    return true;
  });
});
