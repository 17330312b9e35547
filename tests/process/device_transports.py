"""One device, whatever it speaks: the same calls over every transport of the device API, for what has to hold on all."""
import dataclasses
import json
import time

import amqp
import amqp_wire
import checks
import clients
import https
import mqtt_client
import sas
import web_socket


@dataclasses.dataclass(frozen=True)
class Answer:
    """`status` is the one of HTTP and MQTT; AMQP has none for what is accepted."""

    body: dict
    refused: bool
    retry_after: int | None
    status: int | None = None


class Device:
    """A connection is made with the first call. The proof is a key, a token or a certificate (files as of
    Identity.presented)."""

    def __init__(self, world, registration_id, key=None, token=None, certificate=None, api_version=clients.API_VERSION):
        self.world = world
        self.registration_id = registration_id
        self.resource = f"{world.muster.id_scope}/registrations/{registration_id}"
        self.token = sas.token(self.resource, key) if key else token
        self.certificate = certificate
        self.api_version = api_version
        self._connected = None

    @property
    def link(self):
        if self._connected is None:
            self._connected = self.connect()
        return self._connected

    def close(self):
        if self._connected is not None:
            self.disconnect(self._connected)

    def connect(self):
        raise NotImplementedError

    def disconnect(self, link):
        raise NotImplementedError

    def register(self, body=b"{}"):
        raise NotImplementedError

    def poll(self, operation_id):
        raise NotImplementedError

    def conversation(self, body=b"{}"):
        """All answers from the register call to the result."""
        answers = [self.register(body)]
        assert not answers[0].refused, answers[0]
        deadline = time.monotonic() + checks.WAIT_SECONDS
        while len(answers) == 1 or answers[-1].body["status"] == "assigning":
            assert time.monotonic() < deadline, "no result in time"
            answers.append(self.poll(answers[0].body["operationId"]))
            assert not answers[-1].refused, answers[-1]
        return answers


class Https(Device):
    def connect(self):
        return self.world.endpoint.open(self.certificate)

    def disconnect(self, link):
        link.connection.close()

    def _call(self, method, suffix, body):
        headers = [("Authorization", self.token)] if self.token else []
        path = f"/{self.world.muster.id_scope}/registrations/{clients.encode(self.registration_id)}"
        answer = self.link.request(method, f"{path}{suffix}?api-version={self.api_version}", body, headers)
        pause = answer.header("Retry-After")
        return Answer(answer.json(), answer.status >= 400, int(pause) if pause else None, answer.status)

    def register(self, body=b"{}"):
        return self._call("PUT", "/register", body)

    def poll(self, operation_id):
        return self._call("GET", f"/operations/{operation_id}", None)


class Mqtt(Device):
    def stream(self):
        muster = self.world.muster
        at = https.Endpoint(muster.address, muster.ready["mqttPort"], muster.ready["serviceHost"], muster.ca_file)
        return at.raw_tls(self.certificate)

    def connect(self):
        wire = mqtt_client.Wire(self.stream())
        muster = self.world.muster
        device = mqtt_client.Device(wire, muster.id_scope, self.registration_id, api_version=self.api_version)
        return device.connect(password=self.token).subscribe()

    def disconnect(self, link):
        link.wire.connection.close()

    def _answer(self, reply):
        return Answer(reply.body, reply.status >= 400, reply.retry_after, reply.status)

    def register(self, body=b"{}"):
        return self._answer(self.link.register(body))

    def poll(self, operation_id):
        return self._answer(self.link.poll(operation_id))


class MqttWebSocket(Mqtt):
    def stream(self):
        return web_socket.Stream(self.world.endpoint, certificate=self.certificate)


class Amqp(Device):
    """On Debian's qpid-proton."""

    def connect(self):
        proof = {"certificate": self.certificate, "mechanism": "none"} if self.certificate else {"token": self.token}
        return amqp.Device(self.world.muster, self.registration_id, **proof)

    def disconnect(self, link):
        link.connection.close()

    def _ask(self, *arguments, **parts):
        try:
            message = self.link.ask(*arguments, **parts)
        except amqp.Refused as refused:
            return Answer(refused.error, True, refused.info.get("retry-after"))
        return Answer(amqp.body_of(message), False, (message.properties or {}).get("retry-after"))

    def register(self, body=b"{}"):
        return self._ask("iotdps-register", body=body, inferred=True)

    def poll(self, operation_id):
        return self._ask("iotdps-get-operationstatus", operation_id=operation_id)


class AmqpWebSocket(Device):
    """In octets of our own: Debian's clients do not speak AMQP in WebSocket."""

    path = "/$iothub/websocket"

    def connect(self):
        stream = web_socket.Stream(self.world.endpoint, self.path, "AMQPWSB10", self.certificate)
        return amqp_wire.WireDevice(amqp.Raw(self.world.muster, stream=stream), self.resource, self.token)

    def disconnect(self, link):
        link.raw.socket.close()

    def _answer(self, exchange):
        if not exchange.is_accepted:
            _condition, description, *info = exchange.state.value[0].value  # nulls at the end may be left out
            return Answer(json.loads(description), True, (info[0] if info else {}).get("retry-after"))
        properties = exchange.section(amqp_wire.APPLICATION_PROPERTIES) or {}
        return Answer(amqp_wire.json_of(exchange), False, properties.get("retry-after"))

    def register(self, body=b"{}"):
        return self._answer(self.link.ask(body=body))

    def poll(self, operation_id):
        return self._answer(self.link.ask("iotdps-get-operationstatus", operation_id=operation_id))


TRANSPORTS = {"https": Https, "mqtt": Mqtt, "mqtt-ws": MqttWebSocket, "amqp": Amqp, "amqp-ws": AmqpWebSocket}
