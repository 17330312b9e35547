'use strict';
// azure-iot-provisioning-service: enrollments and groups from creation to deletion, with its own etag handling.
const assert = require('node:assert/strict');
const test = require('node:test');

const { issue, newKey, serviceClient, unique } = require('./support/setup');

const symmetric = () => ({ type: 'symmetricKey', symmetricKey: { primaryKey: newKey(), secondaryKey: newKey() } });

// The same calls for both kinds of entries.
const KINDS = {
  'individual enrollment': {
    id: 'registrationId',
    put: (entry) => serviceClient.createOrUpdateIndividualEnrollment(entry),
    get: (id) => serviceClient.getIndividualEnrollment(id),
    remove: (...args) => serviceClient.deleteIndividualEnrollment(...args),
    query: (pageSize) => serviceClient.createIndividualEnrollmentQuery({ query: '*' }, pageSize),
  },
  'enrollment group': {
    id: 'enrollmentGroupId',
    put: (entry) => serviceClient.createOrUpdateEnrollmentGroup(entry),
    get: (id) => serviceClient.getEnrollmentGroup(id),
    remove: (...args) => serviceClient.deleteEnrollmentGroup(...args),
    query: (pageSize) => serviceClient.createEnrollmentGroupQuery({ query: '*' }, pageSize),
  },
};

for (const [name, kind] of Object.entries(KINDS)) {
  const entry = (id) => ({ [kind.id]: id, attestation: symmetric() });

  test(`${name}: create, get, update with etag, delete`, async () => {
    const id = unique('node-entry');
    const made = (
      await kind.put({
        ...entry(id),
        initialTwin: { tags: { site: 'ams' }, properties: { desired: { interval: 30 } } },
      })
    ).responseBody;
    assert.equal(made[kind.id], id);
    assert.equal(made.provisioningStatus, 'enabled');

    const got = (await kind.get(id)).responseBody;
    assert.equal(got.etag, made.etag);
    assert.equal(got.attestation.symmetricKey, undefined);
    assert.deepEqual(got.initialTwin, { tags: { site: 'ams' }, properties: { desired: { interval: 30 } } });

    got.provisioningStatus = 'disabled';
    const updated = (await kind.put(got)).responseBody;
    assert.equal(updated.provisioningStatus, 'disabled');
    assert.notEqual(updated.etag, made.etag);
    assert.equal(updated.attestation.symmetricKey.primaryKey, made.attestation.symmetricKey.primaryKey);

    await kind.remove(id, updated.etag);
    await assert.rejects(kind.get(id), { message: 'Not found' });
  });

  test(`${name}: creating twice is a conflict`, async () => {
    const id = unique('node-entry');
    await kind.put(entry(id));
    await assert.rejects(kind.put(entry(id)), { name: 'DeviceAlreadyExistsError' });
  });

  test(`${name}: stale etag is refused on update and delete`, async () => {
    const id = unique('node-entry');
    const first = (await kind.put(entry(id))).responseBody;
    await kind.put({ ...first, provisioningStatus: 'disabled' });
    await assert.rejects(kind.put(first), { name: 'InvalidEtagError' });
    await assert.rejects(kind.remove(id, first.etag), { name: 'InvalidEtagError' });
    await kind.remove(id);
  });

  test(`${name}: deleting what does not exist is an error`, async () => {
    await assert.rejects(kind.remove(unique('node-nobody')), { message: 'Not found' });
  });

  test(`${name}: query pages through all entries`, async () => {
    const ids = [unique('node-page'), unique('node-page'), unique('node-page')];
    for (const id of ids) await kind.put(entry(id));
    const query = kind.query(2);
    const found = [];
    while (query.hasMoreResults) {
      // The promise form of next() begins anew unless it is given the token that the query itself keeps.
      const page = (await query.next(query.continuationToken)).responseBody;
      assert.ok(page.length <= 2);
      found.push(...page.map((item) => item[kind.id]));
      assert.ok(found.length < 1000, 'the query does not end');
    }
    for (const id of ids) assert.equal(found.filter((one) => one === id).length, 1);
  });
}

test('certificates keep their place when an entry is read and put back', async () => {
  const registrationId = unique('node-round');
  const attestation = {
    type: 'x509',
    x509: { clientCertificates: { primary: { certificate: issue('device', registrationId).cert } } },
  };
  const made = (await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation })).responseBody;
  assert.match(made.attestation.x509.clientCertificates.primary.info.sha256Thumbprint, /^[0-9A-F]{64}$/);
  const got = (await serviceClient.getIndividualEnrollment(registrationId)).responseBody;
  got.provisioningStatus = 'disabled';
  const updated = (await serviceClient.createOrUpdateIndividualEnrollment(got)).responseBody;
  assert.deepEqual(updated.attestation, made.attestation);
});

test('wrong policy key is an error', async () => {
  const stranger = serviceClient.constructor.fromConnectionString(
    `HostName=localhost;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=${newKey()}`,
  );
  await assert.rejects(stranger.getIndividualEnrollment('anything'), { name: 'UnauthorizedError' });
});
