'use strict';
// azure-iot-provisioning-device over MQTT in WebSocket, on the port of HTTPS.
const { sdk } = require('./support/setup');
const { testRegistrations } = require('./support/registrations');

testRegistrations('MQTT over WebSocket', sdk('azure-iot-provisioning-device-mqtt').MqttWs);
