'use strict';
// The few calls to the management API that no data-plane SDK makes: uploading a CA certificate (service-api.md 8.5).
const { createHmac } = require('node:crypto');
const https = require('node:https');

const { connectionString } = require('./setup');

function authorization() {
  const members = Object.fromEntries(connectionString.split(';').map((member) => member.split(/=(.*)/s).slice(0, 2)));
  const resource = encodeURIComponent(members.HostName);
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('SHA256', Buffer.from(members.SharedAccessKey, 'base64'))
    .update(`${resource}\n${expiry}`)
    .digest('base64');
  return (
    `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}` +
    `&skn=${members.SharedAccessKeyName}`
  );
}

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: authorization(), 'Content-Type': 'application/json' };
    const request = https.request(
      { host: 'localhost', method, path: `${path}?api-version=2022-02-05`, headers },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => {
          if (answer.statusCode >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
          else resolve(text ? JSON.parse(text) : undefined);
        });
      },
    );
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

async function uploadVerified(name, certificate) {
  const list = await call('GET', '/subscriptions/local/providers/Microsoft.Devices/provisioningServices');
  const content = Buffer.from(certificate.cert).toString('base64');
  return call('PUT', `${list.value[0].id}/certificates/${name}`, { certificate: content, isVerified: true });
}

module.exports = { uploadVerified };
