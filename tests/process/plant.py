"""A service with hubs of its own and hubs elsewhere: the other ones are further services that know nothing of the first
but what a client of their hubs tells them (hub-api.md 1)."""
import base64
import json
import pathlib

import clients
import https
import hubs
import mqtt_client
import muster_process
from conftest import endpoint_of

OWN = ("own-1.muster.test", "own-2.muster.test")
ELSEWHERE = ("else-1.other.test", "else-2.other.test")
TWIN_UPDATE = "$iothub/twin/PATCH/properties/reported/?$rid=1"


def key(number):
    return base64.b64encode(bytes([number] * 32)).decode()


class Site(hubs.Owner):
    """One hub as its owner sees it, and as its devices do."""

    def __init__(self, muster, connection_string):  # pylint: disable=super-init-not-called
        self.muster = muster
        host, self.policy, self.key = clients.parse_connection_string(connection_string)
        self.hub = host.split(":")[0]

    @property
    def endpoint(self):
        return https.Endpoint(self.muster.address, self.muster.port, self.hub, self.muster.ca_file)

    @property
    def connection_string(self):
        return f"HostName={self.hub};SharedAccessKeyName={self.policy};SharedAccessKey={self.key}"

    def device(self, device_id):
        """The identity, or None."""
        answer = self.call("GET", f"/devices/{clients.encode(device_id)}")
        assert answer.status in (200, 404), answer
        return answer.json() if answer.status == 200 else None

    def twin(self, device_id):
        answer = self.call("GET", f"/twins/{clients.encode(device_id)}")
        assert answer.status == 200, answer
        return answer.json()

    def write_twin(self, device_id, tags=None, desired=None):
        body = {"tags": tags or {}, "properties": {"desired": desired or {}}}
        answer = self.call("PATCH", f"/twins/{clients.encode(device_id)}", body, if_match="*")
        assert answer.status == 200, answer

    def delete(self, device_id):
        assert self.call("DELETE", f"/devices/{clients.encode(device_id)}", if_match="*").status == 204

    def connect(self, device_id, device_key):
        """The CONNACK's code of a device that comes with this key."""
        with self.wire() as wire:
            return hubs.Device(wire, self.hub, device_id, device_key).connect()[1]

    def wire(self):
        endpoint = https.Endpoint(self.muster.address, self.muster.ready["mqttPort"], self.hub, self.muster.ca_file)
        return mqtt_client.Wire(endpoint.raw_tls())

    def report(self, device_id, device_key, values):
        """The device reports properties."""
        with self.wire() as wire:
            device = hubs.Device(wire, self.hub, device_id, device_key)
            assert device.connect()[1] == 0
            device.subscribe(hubs.TWIN_ANSWERS)
            assert "/204/" in device.ask(TWIN_UPDATE, json.dumps(values).encode()).topic


class Plant:
    """The service under test with two hubs of its own, and two hubs elsewhere."""

    def __init__(self, folder, toml=""):
        self.folder = pathlib.Path(folder)
        self.others = [self._other(number, host) for number, host in enumerate(ELSEWHERE)]
        self.muster = self._service(toml)
        self.hubs = {}
        self._start()

    def _other(self, number, host):
        place = self.folder / f"other-{number}"
        place.mkdir()
        toml = f'[hub]\nlocal_host_name = "{host}"\n'
        return muster_process.Muster(place, host_names=(f"dps-{number}.other.test",), toml=toml).start()

    def _service(self, toml):
        place = self.folder / "service"
        place.mkdir()
        authorities = self.folder / "authorities.pem"
        authorities.write_text("".join(pathlib.Path(other.ca_file).read_text() for other in self.others))
        where = ", ".join(f'"{host}=127.0.0.1:{other.port}"' for host, other in zip(ELSEWHERE, self.others))
        settings = f"""{toml}
[linked_hubs]
calls_per_minute = 100000
burst_calls = 1000
timeout_seconds = 2
give_up_seconds = 3
[outbound]
ca_file = "{authorities}"
connect_to = [{where}]
[hub]
local_host_name = "%s"
"""
        self.settings = settings
        return muster_process.Muster(place, host_names=(muster_process.HOST, *OWN), toml=settings % OWN[1])

    def _start(self):
        """The second own hub is made first: the owner's connection string is kept for one of them at a time."""
        self.muster.start()
        second = self._owner_text(self.muster)
        self.muster.stop()
        self.muster.config_file.write_text(self.settings % OWN[0])
        self.muster.start()
        own = [{"name": name, "authenticationType": "Local", "location": "here"} for name in OWN]
        self.link(own)
        self.muster.stop()
        self.muster.start()
        self.hubs["own-1"] = Site(self.muster, self._owner_text(self.muster))
        self.hubs["own-2"] = Site(self.muster, second)
        for number, other in enumerate(self.others):
            self.hubs[f"else-{number + 1}"] = Site(other, self._owner_text(other))
        self.link_all()

    @staticmethod
    def _owner_text(muster):
        return pathlib.Path(muster.ready["hubConnectionStringFile"]).read_text(encoding="utf-8").strip()

    @property
    def operator(self):
        return clients.Operator(endpoint_of(self.muster), self.muster.connection_string(), self.muster.secrets)

    def links(self):
        """As an operator writes them, by the names of the hubs."""
        out = {name: {"name": host, "authenticationType": "Local"} for name, host in zip(("own-1", "own-2"), OWN)}
        for name in ("else-1", "else-2"):
            self.muster.secrets.add(self.hubs[name].key)
            out[name] = {"connectionString": self.hubs[name].connection_string, "location": "there"}
        return out

    def link(self, entries):
        operator = self.operator
        resource = operator.resource()
        resource["properties"]["iotHubs"] = entries
        answer = operator.manage("PUT", resource["id"], resource)
        assert answer.status == 200, answer

    def link_all(self):
        self.link(list(self.links().values()))

    def unlink(self, name):
        self.link([link for other, link in self.links().items() if other != name])

    def linked(self, name):
        """The linked hub as the management API shows it."""
        shown = {hub["name"]: hub for hub in self.operator.resource()["properties"]["iotHubs"]}
        return shown[self.hubs[name].hub]

    def places(self, device_id):
        """The names of the hubs that know the device."""
        return [name for name, hub in self.hubs.items() if hub.device(device_id)]

    def service_of(self, name):
        return self.hubs[name].muster

    def stop(self):
        for service in (self.muster, *self.others):
            service.stop()

    def kill(self):
        for service in (self.muster, *self.others):
            service.kill()
