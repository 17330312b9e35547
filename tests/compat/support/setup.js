'use strict';
// What the suites share: where the service is, the SDK packages, certificates made with openssl.
const { execFileSync } = require('node:child_process');
const { createHmac, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');

const sdk = createRequire(path.join(process.env.MUSTER_PACKAGES, 'package.json'));
const ready = JSON.parse(fs.readFileSync(process.env.MUSTER_READY_FILE, 'utf8'));
const hubConnectionString = fs.readFileSync(ready.hubConnectionStringFile, 'utf8').trim();
const connectionString = fs.readFileSync(ready.connectionStringFile, 'utf8').trim();

const { ProvisioningDeviceClient } = sdk('azure-iot-provisioning-device');
const { Http } = sdk('azure-iot-provisioning-device-http');
const { SymmetricKeySecurityClient } = sdk('azure-iot-security-symmetric-key');
const { X509Security } = sdk('azure-iot-security-x509');
const { ProvisioningServiceClient } = sdk('azure-iot-provisioning-service');

const serviceClient = ProvisioningServiceClient.fromConnectionString(connectionString);

let numbers = 0;
const unique = (prefix) => `${prefix}-${process.pid}-${++numbers}`;
const newKey = () => randomBytes(36).toString('base64');

// The key of a group's device (device-api.md 4.3), as the SDK's own samples compute it.
const deriveKey = (masterKey, registrationId) =>
  createHmac('SHA256', Buffer.from(masterKey, 'base64')).update(registrationId, 'utf8').digest('base64');

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

const EXTENSIONS = {
  authority: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
  device: ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth'],
};

// A certificate of this kind, self-signed without an issuer: { cert, key } as PEM texts and their files.
function issue(kind, commonName, issuer) {
  const base = path.join(process.env.MUSTER_WORK, `${unique('pki')}`);
  const files = { certFile: `${base}.crt`, keyFile: `${base}.key` };
  const signer = issuer ? ['-CA', issuer.certFile, '-CAkey', issuer.keyFile] : [];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '30',
    '-config',
    '/dev/null',
    '-subj',
    `/CN=${commonName}`,
    '-keyout',
    files.keyFile,
    '-out',
    files.certFile,
    ...signer,
    ...EXTENSIONS[kind].flatMap((extension) => ['-addext', extension]),
  );
  return { ...files, cert: fs.readFileSync(files.certFile, 'utf8'), key: fs.readFileSync(files.keyFile, 'utf8') };
}

// One registration with the unmodified device SDK.
const register = (transport, security) =>
  ProvisioningDeviceClient.create('localhost', ready.idScope, transport, security).register();

// Over HTTPS.
const withKey = (registrationId, key) => register(new Http(), new SymmetricKeySecurityClient(registrationId, key));
const withCertificate = (registrationId, leaf, ...intermediates) =>
  register(
    new Http(),
    new X509Security(registrationId, { cert: [leaf, ...intermediates].map((one) => one.cert).join(''), key: leaf.key }),
  );

module.exports = {
  connectionString,
  deriveKey,
  hubConnectionString,
  issue,
  newKey,
  ready,
  register,
  sdk,
  serviceClient,
  unique,
  withCertificate,
  withKey,
};
