'use strict';
// azure-iot-security-tpm with TPMs in software, over every transport that has TPMs (device-api.md 5.2). The program's own
// commands look at the same TPMs.
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const test = require('node:test');
const { promisify } = require('node:util');

const { hubConnectionString, ready, register, sdk, serviceClient, unique } = require('./support/setup');
const { clientOf, keysOf, muster, startTpm } = require('./support/software_tpm');

const { Http } = sdk('azure-iot-provisioning-device-http');
const { Amqp, AmqpWs } = sdk('azure-iot-provisioning-device-amqp');
const { Registry } = sdk('azure-iothub');
const registry = Registry.fromConnectionString(hubConnectionString);

const enroll = (registrationId, endorsementKey) =>
  serviceClient.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: { type: 'tpm', tpm: { endorsementKey } },
  });

// With a TPM the SDK gives the whole answer, and not the state in it as otherwise.
function assertAssigned(result, deviceId) {
  assert.equal(result.status, 'assigned');
  assert.equal(result.registrationState.assignedHub, ready.localHub);
  assert.equal(result.registrationState.deviceId, deviceId);
}

// What the key in the TPM makes of a text.
const sign = (client, text) => promisify(client.signWithIdentity.bind(client))(Buffer.from(text));

// The same, by the key that the hub has.
async function signAsHub(deviceId, text) {
  const answer = await registry.get(deviceId);
  const { primaryKey } = (answer.responseBody ?? answer).authentication.symmetricKey;
  return createHmac('SHA256', Buffer.from(primaryKey, 'base64')).update(text).digest();
}

for (const [name, Transport] of Object.entries({ HTTPS: Http, AMQP: Amqp, 'AMQP in WebSocket': AmqpWs })) {
  test(`${name}: a TPM registers, and again with a new key for its hub`, async (t) => {
    const registrationId = unique('node-tpm');
    const client = clientOf(t, await startTpm(t), registrationId);
    await enroll(registrationId, (await keysOf(client)).endorsementKey);
    assertAssigned(await register(new Transport(), client), registrationId);
    const first = await sign(client, 'text');
    assert.deepEqual(first, await signAsHub(registrationId, 'text'));
    assertAssigned(await register(new Transport(), client), registrationId);
    assert.notDeepEqual(await sign(client, 'text'), first);
    assert.deepEqual(await sign(client, 'text'), await signAsHub(registrationId, 'text'));
  });

  test(`${name}: a cleared TPM is recognised`, async (t) => {
    const registrationId = unique('node-tpm');
    const tpm = await startTpm(t);
    const before = clientOf(t, tpm, registrationId);
    const keys = await keysOf(before);
    await enroll(registrationId, keys.endorsementKey);
    assertAssigned(await register(new Transport(), before), registrationId);

    await muster(tpm, 'tpm', 'clear', '--yes-clear-this-tpm');
    const after = clientOf(t, tpm, registrationId);
    const newKeys = await keysOf(after);
    assert.equal(newKeys.endorsementKey, keys.endorsementKey);
    assert.notEqual(newKeys.storageRootKey, keys.storageRootKey);
    assertAssigned(await register(new Transport(), after), registrationId);
  });

  test(`${name}: the TPM of another device is an error`, async (t) => {
    const registrationId = unique('node-tpm');
    const [enrolled, other] = [await startTpm(t), await startTpm(t)];
    await enroll(registrationId, (await keysOf(clientOf(t, enrolled))).endorsementKey);
    await assert.rejects(register(new Transport(), clientOf(t, other, registrationId)));
  });
}

test('a TPM that muster tpm own made ready registers by the id that it is shown with', async (t) => {
  const tpm = await startTpm(t);
  await muster(tpm, 'tpm', 'own');
  const shown = JSON.parse(await muster(tpm, 'tpm', 'show', '-o', 'json'));
  await enroll(shown.registrationId, shown.endorsementKey);
  const client = clientOf(t, tpm);
  assert.deepEqual(await keysOf(client), {
    endorsementKey: shown.endorsementKey,
    storageRootKey: shown.storageRootKey,
  });
  assertAssigned(await register(new Http(), client), shown.registrationId);
});

test('muster tpm sas signs with the key that the SDK left in the TPM', async (t) => {
  const registrationId = unique('node-tpm');
  const tpm = await startTpm(t);
  const client = clientOf(t, tpm, registrationId);
  await enroll(registrationId, (await keysOf(client)).endorsementKey);
  await register(new Http(), client);
  const token = (await muster(tpm, 'tpm', 'sas', '--hub', ready.localHub, '--device-id', registrationId)).trim();
  const fields = new URLSearchParams(token.replace('SharedAccessSignature ', ''));
  assert.equal(fields.get('sr'), `${ready.localHub}/devices/${registrationId}`);
  const signed = `${encodeURIComponent(fields.get('sr'))}\n${fields.get('se')}`;
  assert.equal((await sign(client, signed)).toString('base64'), fields.get('sig'));
});

// Both make an endorsement key from the same template but for the octets it begins with: what is in the TPM already
// counts, so a TPM should be made ready before anything else makes a key in it.
test('the key that the SDK makes in a fresh TPM is not that of the maker', async (t) => {
  const tpm = await startTpm(t);
  const shown = JSON.parse(await muster(tpm, 'tpm', 'show', '-o', 'json'));
  const made = await keysOf(clientOf(t, tpm));
  assert.notEqual(made.endorsementKey, shown.endorsementKey);
  assert.equal(JSON.parse(await muster(tpm, 'tpm', 'show', '-o', 'json')).endorsementKey, made.endorsementKey);
});
