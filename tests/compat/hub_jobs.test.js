'use strict';
// The unmodified service SDK schedules jobs on a hub, the unmodified device SDK answers them.
const assert = require('node:assert/strict');
const test = require('node:test');

const { hubConnectionString, newKey, ready, sdk, unique } = require('./support/setup.js');

const { Client } = sdk('azure-iot-device');
const { Mqtt } = sdk('azure-iot-device-mqtt');
const { JobClient, Registry } = sdk('azure-iothub');

const registry = Registry.fromConnectionString(hubConnectionString);
const jobs = JobClient.fromConnectionString(hubConnectionString);

// Devices with a tag of their own; those of `connected` take the method "reprovision".
async function wave(t, count, connected) {
  const name = unique('wave');
  const devices = Array.from({ length: count }, (_, number) => ({
    deviceId: `${name}-${number}`,
    authentication: { type: 'sas', symmetricKey: { primaryKey: newKey(), secondaryKey: newKey() } },
  }));
  for (const each of devices) {
    await registry.create(each);
    await registry.updateTwin(each.deviceId, { tags: { wave: name } }, '*');
  }
  for (const { deviceId, authentication } of devices.slice(0, connected)) {
    const key = authentication.symmetricKey.primaryKey;
    const client = Client.fromConnectionString(`HostName=${ready.localHub};DeviceId=${deviceId};SharedAccessKey=${key}`, Mqtt);
    t.after(() => client.close());
    await client.open();
    client.onDeviceMethod('reprovision', (request, response) => response.send(202, { accepted: request.payload }));
    await client.getTwin(); // answered after the subscription to methods
  }
  return { name, devices: devices.map((each) => each.deviceId) };
}

async function all(query) {
  const out = [];
  while (query.hasMoreResults) out.push(...(await query.next(query.continuationToken)).result);
  return out;
}

const rows = (jobId, pageSize) =>
  all(registry.createQuery(`SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${jobId}'`, pageSize));

async function ended(jobId) {
  for (;;) {
    const { jobStatus } = await jobs.getJob(jobId);
    if (['completed', 'failed', 'cancelled'].includes(jobStatus.status)) return jobStatus;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const reprovision = { methodName: 'reprovision', payload: { campaign: 'c7' }, responseTimeoutInSeconds: 15 };
const tomorrow = () => new Date(Date.now() + 86_400_000);

test('a method job asks the devices of a wave', async (t) => {
  const { name, devices } = await wave(t, 3, 2);
  const jobId = unique('job');
  const { jobStatus } = await jobs.scheduleDeviceMethod(jobId, `tags.wave = '${name}'`, reprovision, new Date(), 300);
  assert.equal(jobStatus.jobId, jobId);
  assert.equal(jobStatus.type, 'scheduleDeviceMethod');
  const job = await ended(jobId);
  assert.equal(job.status, 'completed');
  assert.equal(job.maxExecutionTimeInSeconds, 300);
  const { deviceCount, succeededCount, failedCount, runningCount, pendingCount } = job.deviceJobStatistics;
  assert.deepEqual([deviceCount, succeededCount, failedCount, runningCount, pendingCount], [3, 2, 1, 0, 0]);

  const found = await rows(jobId, 2);
  assert.deepEqual(found.map((each) => each.deviceId), devices);
  assert.deepEqual(found.map((each) => each.status), ['completed', 'completed', 'failed']);
  assert.deepEqual(found[0].outcome.deviceMethodResponse, { status: 202, payload: { accepted: { campaign: 'c7' } } });
  assert.equal(found[2].error.code, 'DeviceNotOnline');
});

test('a twin job updates the twins of all devices that are named', async (t) => {
  const { name, devices } = await wave(t, 3, 0);
  const jobId = unique('job');
  const patch = { etag: '*', tags: { done: true }, properties: { desired: { interval: 5 } } };
  const condition = `deviceId IN ['${devices[0]}', '${devices[2]}']`;
  await jobs.scheduleTwinUpdate(jobId, condition, patch, new Date(), 60);
  const job = await ended(jobId);
  assert.equal(job.status, 'completed');
  assert.deepEqual(job.updateTwin, patch);
  assert.deepEqual((await rows(jobId)).map((each) => [each.deviceId, each.status]), [
    [devices[0], 'completed'],
    [devices[2], 'completed'],
  ]);
  const twins = await all(registry.createQuery(`SELECT deviceId FROM devices WHERE tags.wave = '${name}' AND is_defined(tags.done)`));
  assert.deepEqual(twins, [{ deviceId: devices[0] }, { deviceId: devices[2] }]);
  const counted = await all(registry.createQuery(`SELECT COUNT() AS n FROM devices WHERE STARTSWITH(deviceId, '${name}')`));
  assert.deepEqual(counted, [{ n: 3 }]);
});

test('a connected device is pushed what a job desires', async (t) => {
  const { devices } = await wave(t, 1, 0);
  const { authentication } = (await registry.get(devices[0])).responseBody;
  const client = Client.fromConnectionString(
    `HostName=${ready.localHub};DeviceId=${devices[0]};SharedAccessKey=${authentication.symmetricKey.primaryKey}`,
    Mqtt,
  );
  t.after(() => client.close());
  await client.open();
  const twin = await client.getTwin();
  const pushed = new Promise((resolve) => twin.on('properties.desired.mode', resolve));
  const patch = { etag: '*', properties: { desired: { mode: 'eco' } } };
  await jobs.scheduleTwinUpdate(unique('job'), `deviceId = '${devices[0]}'`, patch);
  assert.equal(await pushed, 'eco');
});

test('a scheduled job is cancelled, and found by type and status', async () => {
  const [method, twin] = [unique('job'), unique('job')];
  const scheduled = await jobs.scheduleDeviceMethod(method, '*', reprovision, tomorrow(), 60);
  assert.equal(scheduled.jobStatus.status, 'scheduled');
  await jobs.scheduleTwinUpdate(twin, '*', { etag: '*', tags: { a: 1 } }, tomorrow(), 60);
  const mine = async (...parameters) =>
    (await all(jobs.createQuery(...parameters))).map((each) => each.jobId).filter((id) => [method, twin].includes(id));
  assert.deepEqual(await mine(), [method, twin].sort());
  assert.deepEqual(await mine('scheduleDeviceMethod', 'scheduled', 1), [method]);
  assert.deepEqual(await mine('scheduleUpdateTwin'), [twin]);
  assert.deepEqual(await mine(null, 'completed'), []);
  assert.equal((await jobs.cancelJob(method)).jobStatus.status, 'cancelled');
  await jobs.cancelJob(twin);
  assert.deepEqual(await mine('scheduleDeviceMethod', 'cancelled'), [method]);
});

test('what cannot be is refused as the client expects', async () => {
  const jobId = unique('job');
  await assert.rejects(jobs.getJob(jobId), /Not found/);
  await assert.rejects(jobs.cancelJob(jobId), /Not found/);
  await assert.rejects(jobs.scheduleDeviceMethod(jobId, 'SELECT * FROM devices', reprovision), { name: 'ArgumentError' });
  await jobs.scheduleDeviceMethod(jobId, "deviceId = 'nobody'", reprovision);
  await assert.rejects(jobs.scheduleDeviceMethod(jobId, '*', reprovision), { name: 'DeviceAlreadyExistsError' });
});
