"""A hub that is served here, for its owner and for its devices (hub-api.md)."""
import base64
import json
import pathlib

import clients
import https
import mqtt_client
import sas

API_VERSION = "2021-04-12"
KEY = base64.b64encode(bytes(range(32))).decode()
EVENTS = "devices/{}/messages/events/"
METHODS = "$iothub/methods/POST/#"
TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"


def declared_routes():
    """(method, path) of every route of a hub, as the unit test HubRoutes keeps the list, with an id of nothing."""
    text = (pathlib.Path(__file__).parent / "hub_routes.txt").read_text(encoding="ascii")
    lines = [line.split() for line in text.splitlines()]
    return [(method, path.replace("{}", "nobody")) for method, path, _ in lines]


def sas_identity(device_id, **members):
    keys = {"primaryKey": KEY, "secondaryKey": KEY}
    return {"deviceId": device_id, "authentication": {"type": "sas", "symmetricKey": keys}, **members}


class Owner:
    """Who holds a policy of the hub; `iothubowner` unless told otherwise."""

    def __init__(self, muster, policy=None, key=None):
        text = pathlib.Path(muster.ready["hubConnectionStringFile"]).read_text(encoding="utf-8").strip()
        host, owner, owner_key = clients.parse_connection_string(text)
        self.hub = host.split(":")[0]
        self.endpoint = https.Endpoint(muster.address, muster.port, self.hub, muster.ca_file)
        self.policy = policy or owner
        self.key = key or owner_key

    def token(self, **options):
        options.setdefault("key_name", self.policy)
        return sas.token(options.pop("resource", self.hub), options.pop("key", self.key), **options)

    def call(self, method, path, body=None, token=None, if_match=None, headers=(), query="", version=API_VERSION):
        sent = [("Authorization", self.token() if token is None else token), *headers]
        if if_match is not None:
            sent.append(("If-Match", if_match))
        return self.endpoint.request(method, f"{path}?api-version={version}{query}", body, sent)

    def create(self, device_id, **members):
        answer = self.call("PUT", f"/devices/{clients.encode(device_id)}", sas_identity(device_id, **members))
        assert answer.status == 200, answer
        return answer.json()

    def events(self, query=""):
        answer = self.call("GET", "/events", query=query)
        assert answer.status == 200, answer
        return [json.loads(line) for line in answer.body.splitlines()]

    def messages(self, device_id):
        """The bodies of what a device sent."""
        return [
            event["body"]
            for event in self.events("&max=1000")
            if event["systemProperties"]["iothub-connection-device-id"] == device_id
            and event["systemProperties"]["iothub-message-source"] == "Telemetry"
        ]


class Device:
    """A device at its hub, packet by packet."""

    def __init__(self, wire, hub, device_id, key=KEY):
        self.wire = wire
        self.hub = hub
        self.device_id = device_id
        self.user_name = f"{hub}/{device_id}/?api-version={API_VERSION}&DeviceClientType=test%2F1.0"
        self.password = sas.token(f"{hub}/devices/{device_id}", key, key_name=None) if key else None

    def connect(self, clean=True, **options):
        """The CONNACK: (session present, return code)."""
        options.setdefault("client_id", self.device_id)
        options.setdefault("user_name", self.user_name)
        options.setdefault("password", self.password)
        answer = self.wire.ask(mqtt_client.connect(clean=clean, **options))
        assert answer.kind == mqtt_client.CONNACK
        return answer.body[0], answer.body[1]

    def subscribe(self, *filters, qos=0):
        answer = self.wire.ask(mqtt_client.subscribe(1, *((each, qos) for each in filters)))
        assert answer.kind == mqtt_client.SUBACK
        return list(answer.body[2:])

    def ask(self, topic, payload=b""):
        """Publishes with QoS 0 and takes the message that comes next."""
        return self.wire.ask(mqtt_client.publish(topic, payload))
