'use strict';
// azure-iot-provisioning-service: queries with conditions, page by page, and the calls that reveal attestation.
const assert = require('node:assert/strict');
const test = require('node:test');

const { deriveKey, issue, newKey, serviceClient, unique, withKey } = require('./support/setup');
const { uploadVerified } = require('./support/management');

const symmetric = () => ({ type: 'symmetricKey', symmetricKey: { primaryKey: newKey(), secondaryKey: newKey() } });

const KINDS = {
  'individual enrollment': {
    id: 'registrationId',
    put: (entry) => serviceClient.createOrUpdateIndividualEnrollment(entry),
    query: (query, pageSize) => serviceClient.createIndividualEnrollmentQuery({ query }, pageSize),
    mechanism: (id) => serviceClient.getIndividualEnrollmentAttestationMechanism(id),
  },
  'enrollment group': {
    id: 'enrollmentGroupId',
    put: (entry) => serviceClient.createOrUpdateEnrollmentGroup(entry),
    query: (query, pageSize) => serviceClient.createEnrollmentGroupQuery({ query }, pageSize),
    mechanism: (id) => serviceClient.getEnrollmentGroupAttestationMechanism(id),
  },
};

// Every page of a query object, as the SDK's samples go through it.
async function pagesOf(query) {
  const pages = [];
  while (query.hasMoreResults) {
    // The promise form of next() begins anew unless it is given the token that the query itself keeps.
    pages.push((await query.next(query.continuationToken)).responseBody);
    assert.ok(pages.length < 1000, 'the query does not end');
  }
  return pages;
}

for (const [name, kind] of Object.entries(KINDS)) {
  // Five entries of a site of their own, every other one disabled.
  async function plant() {
    const site = unique('Node-Site');
    const ids = []; // in the order of answers
    for (let number = 0; number < 5; ++number) {
      const id = `${site}-${number}`;
      await kind.put({
        [kind.id]: id,
        attestation: symmetric(),
        provisioningStatus: number % 2 ? 'disabled' : 'enabled',
        initialTwin: { tags: { site, number }, properties: { desired: {} } },
      });
      ids.push(id);
    }
    return { site, ids };
  }
  const idsOf = (pages) => pages.flat().map((item) => item[kind.id]);

  test(`${name}: a condition finds what it says`, async () => {
    const { site, ids } = await plant();
    const where = `select * from enrollments where initialTwin.tags.site = \`${site}\``;
    assert.deepEqual(idsOf(await pagesOf(kind.query(where))).sort(), [...ids].sort());
    assert.deepEqual(idsOf(await pagesOf(kind.query(`${where} and provisioningStatus = 'disabled'`))), [ids[1], ids[3]]);
    assert.deepEqual(idsOf(await pagesOf(kind.query(`${where} and initialTwin.tags.number >= 3`))), [ids[3], ids[4]]);
    const some = `* WHERE ${kind.id} IN ('${ids[0].toLowerCase()}', "${ids[4]}")`;
    assert.deepEqual(idsOf(await pagesOf(kind.query(some))), [ids[0], ids[4]]);
    assert.deepEqual(await pagesOf(kind.query(`${where} AND attestation.type = 'tpm'`)), [[]]);
  });

  test(`${name}: a condition is paged by the query object`, async () => {
    const { site, ids } = await plant();
    const pages = await pagesOf(kind.query(`SELECT * WHERE initialTwin.tags.site = '${site}'`, 2));
    assert.ok(pages.every((page) => page.length <= 2));
    assert.deepEqual(idsOf(pages), ids);
    assert.ok(pages.flat().every((item) => item.attestation.symmetricKey === undefined));
  });

  test(`${name}: the callback form of next goes through the pages too`, async () => {
    const { site, ids } = await plant();
    const query = kind.query(`SELECT ${kind.id} WHERE initialTwin.tags.site = '${site}'`, 3);
    const found = [];
    while (query.hasMoreResults) {
      const page = await new Promise((resolve, reject) => {
        query.next((error, result) => (error ? reject(error) : resolve(result)));
      });
      found.push(...page);
    }
    assert.deepEqual(found, ids.map((id) => ({ [kind.id]: id })));
  });

  test(`${name}: a query that cannot be answered is an argument error with its place`, async () => {
    const query = kind.query('SELECT * GROUP BY provisioningStatus');
    await assert.rejects(query.next(null), (error) => {
      assert.equal(error.name, 'ArgumentError');
      assert.equal(JSON.parse(error.responseBody).message, 'query column 10: GROUP BY is not available.');
      return true;
    });
  });

  test(`${name}: the attestation mechanism shows given and generated keys`, async () => {
    const given = { [kind.id]: unique('node:mechanism'), attestation: symmetric() };
    await kind.put(given);
    assert.deepEqual((await kind.mechanism(given[kind.id])).responseBody, given.attestation);
    const generated = { [kind.id]: unique('node-mechanism'), attestation: { type: 'symmetricKey' } };
    const made = (await kind.put(generated)).responseBody;
    assert.deepEqual((await kind.mechanism(generated[kind.id])).responseBody, made.attestation);
    await assert.rejects(kind.mechanism(unique('node-nobody')), { message: 'Not found' });
  });
}

test('the attestation mechanism of certificates shows what is known of them', async () => {
  const registrationId = unique('node-mechanism');
  const clientCertificates = { primary: { certificate: issue('device', registrationId).cert } };
  const attestation = { type: 'x509', x509: { clientCertificates } };
  const made = (await serviceClient.createOrUpdateIndividualEnrollment({ registrationId, attestation })).responseBody;
  const shown = (await serviceClient.getIndividualEnrollmentAttestationMechanism(registrationId)).responseBody;
  assert.deepEqual(shown, made.attestation);
  assert.match(shown.x509.clientCertificates.primary.info.sha1Thumbprint, /^[0-9A-F]{40}$/);

  const name = unique('node-root');
  await uploadVerified(name, issue('authority', name));
  const group = {
    enrollmentGroupId: unique('node-mechanism'),
    attestation: { type: 'x509', x509: { caReferences: { primary: name } } },
  };
  await serviceClient.createOrUpdateEnrollmentGroup(group);
  const mechanism = await serviceClient.getEnrollmentGroupAttestationMechanism(group.enrollmentGroupId);
  assert.equal(mechanism.responseBody.x509.caReferences.primary, name);
});

test('registrations of a group are listed page by page, read and deleted', async () => {
  const enrollmentGroupId = unique('node-fleet');
  const attestation = symmetric();
  await serviceClient.createOrUpdateEnrollmentGroup({ enrollmentGroupId, attestation });
  const names = ['a', 'b', 'c'].map((letter) => `${enrollmentGroupId}-${letter}`);
  for (const name of names) await withKey(name, deriveKey(attestation.symmetricKey.primaryKey, name));

  // Whatever the text says, the answer is all of the group (service-api.md 6).
  const list = () =>
    pagesOf(
      serviceClient.createEnrollmentGroupDeviceRegistrationStateQuery({ query: '* GROUP BY x' }, enrollmentGroupId, 2),
    );
  const pages = await list();
  assert.deepEqual(pages.map((page) => page.length), [2, 1]);
  assert.deepEqual(pages.flat().map((record) => record.registrationId), names);
  const state = (await serviceClient.getDeviceRegistrationState(names[0])).responseBody;
  assert.deepEqual(state, pages[0][0]);
  assert.equal(state.status, 'assigned');

  await assert.rejects(serviceClient.deleteDeviceRegistrationState(names[0], 'c3RhbGU='), { name: 'InvalidEtagError' });
  await serviceClient.deleteDeviceRegistrationState(names[0], state.etag);
  await serviceClient.deleteDeviceRegistrationState(names[1]);
  await assert.rejects(serviceClient.getDeviceRegistrationState(names[0]), { message: 'Not found' });
  assert.deepEqual((await list()).flat().map((record) => record.registrationId), [names[2]]);
});
