'use strict';
// azure-iot-provisioning-device over MQTT.
const { sdk } = require('./support/setup');
const { testRegistrations } = require('./support/registrations');

testRegistrations('MQTT', sdk('azure-iot-provisioning-device-mqtt').Mqtt);
