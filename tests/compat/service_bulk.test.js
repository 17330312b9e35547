'use strict';
// azure-iot-provisioning-service: every mode of bulk calls, with the etags of a client that reads and writes back.
const assert = require('node:assert/strict');
const test = require('node:test');

const { newKey, serviceClient, unique } = require('./support/setup');

const entry = () => ({
  registrationId: unique('node-bulk'),
  attestation: { type: 'symmetricKey', symmetricKey: { primaryKey: newKey(), secondaryKey: newKey() } },
});

// The promise form of this call never ends: the SDK hands results on only when it was given a callback.
const run = (mode, enrollments) =>
  new Promise((resolve, reject) => {
    const done = (error, result) => (error ? reject(error) : resolve(result));
    serviceClient.runBulkEnrollmentOperation({ mode, enrollments }, done);
  });

const SUCCESS = { errors: [], isSuccessful: true };
const codes = (result) => result.errors.map((error) => [error.registrationId, error.errorCode]);
const read = async (one) => (await serviceClient.getIndividualEnrollment(one.registrationId)).responseBody;
const mechanism = async (one) =>
  (await serviceClient.getIndividualEnrollmentAttestationMechanism(one.registrationId)).responseBody;

test('create makes ten entries, and refuses each that exists', async () => {
  const entries = Array.from({ length: 10 }, entry);
  assert.deepEqual(await run('create', entries), SUCCESS);
  assert.deepEqual(await mechanism(entries[9]), entries[9].attestation);
  const added = entry();
  const again = await run('create', [entries[0], added]);
  assert.equal(again.isSuccessful, false);
  assert.deepEqual(codes(again), [[entries[0].registrationId, 409201]]);
  assert.equal(again.errors[0].errorStatus, 'Enrollment already exists.');
  assert.equal((await read(added)).provisioningStatus, 'enabled');
  assert.deepEqual(await run('delete', entries), SUCCESS);
});

for (const mode of ['update', 'updateIfMatchETag', 'updateIfMatchEtag']) {
  test(`${mode} changes what was read and keeps its hidden keys`, async () => {
    const entries = [entry(), entry()];
    assert.deepEqual(await run('create', entries), SUCCESS);
    const got = await Promise.all(entries.map(read));
    for (const one of got) one.provisioningStatus = 'disabled';
    assert.deepEqual(await run(mode, got), SUCCESS);
    for (const one of entries) {
      assert.equal((await read(one)).provisioningStatus, 'disabled');
      assert.deepEqual(await mechanism(one), one.attestation);
    }
    const stale = await run(mode, got);
    assert.deepEqual(codes(stale), got.map((one) => [one.registrationId, 412001]));
  });

  test(`${mode} without an etag does not overwrite`, async () => {
    const one = entry();
    assert.deepEqual(await run('create', [one]), SUCCESS);
    const refused = await run(mode, [{ ...one, provisioningStatus: 'disabled' }]);
    assert.deepEqual(codes(refused), [[one.registrationId, 409201]]);
    assert.equal((await read(one)).provisioningStatus, 'enabled');
  });
}

test('delete takes items with and without etag, each for itself', async () => {
  const [withEtag, without, stale] = [entry(), entry(), entry()];
  assert.deepEqual(await run('create', [withEtag, without, stale]), SUCCESS);
  const { etag } = await read(withEtag);
  const result = await run('delete', [{ ...withEtag, etag }, without, { ...stale, etag }]);
  assert.deepEqual(codes(result), [[stale.registrationId, 412001]]);
  await assert.rejects(read(withEtag), { message: 'Not found' });
  await assert.rejects(read(without), { message: 'Not found' });
  assert.deepEqual(codes(await run('delete', [without])), [[without.registrationId, 404201]]);
  assert.deepEqual(await run('delete', [stale]), SUCCESS);
});

test('an item without attestation fails alone, a repeated one fails the call', async () => {
  const good = entry();
  const result = await run('create', [good, { registrationId: unique('node-bulk') }]);
  assert.equal(result.errors.length, 1);
  assert.equal((await read(good)).registrationId, good.registrationId);
  const twice = entry();
  await assert.rejects(run('create', [twice, twice]), { name: 'ArgumentError' });
  await assert.rejects(read(twice), { message: 'Not found' });
  await assert.rejects(run('create', Array.from({ length: 11 }, entry)), { name: 'ArgumentError' });
});
