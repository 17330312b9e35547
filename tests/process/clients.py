"""What the tests use to talk to Muster: a device, an operator of the service API, an operator of the management API."""
import json
import time
import urllib.parse

import sas

API_VERSION = "2021-06-01"
SERVICE_API_VERSION = "2021-10-01"
MANAGEMENT_API_VERSION = "2022-02-05"
FINAL_SECONDS = 30


def encode(text):
    return urllib.parse.quote(text, safe="")


class Device:
    """A device as firmware would be: it registers, then polls (device-api.md 0)."""

    def __init__(self, endpoint, id_scope, registration_id, key=None, certificate=None, api_version=API_VERSION):
        self.endpoint = endpoint
        self.id_scope = id_scope
        self.registration_id = registration_id
        self.key = key
        self.certificate = certificate
        self.api_version = api_version
        self.path = f"/{encode(id_scope)}/registrations/{encode(registration_id)}"
        self.resource = f"{id_scope}/registrations/{registration_id}"

    def headers(self, token=None):
        if token is None and self.key is not None:
            token = sas.token(self.resource, self.key)
        return [("Authorization", token)] if token else []

    def call(self, method, suffix, body=None, token=None, headers=()):
        target = f"{self.path}{suffix}?api-version={self.api_version}"
        return self.endpoint.request(method, target, body, [*self.headers(token), *headers], self.certificate)

    def register(self, body="default", token=None, headers=()):
        """Answer of the register call; `body` may be a JSON value, octets or None for no body at all."""
        if body == "default":
            body = {"registrationId": self.registration_id}
        return self.call("PUT", "/register", body, token, headers)

    def poll(self, operation_id, body=None, token=None):
        return self.call("GET", f"/operations/{operation_id}", body, token)

    def look_up(self, body="default", token=None):
        if body == "default":
            body = {"registrationId": self.registration_id}
        return self.call("POST", "", body, token)

    def finish(self, operation_id):
        """Polls until the operation is no longer assigning; the final body."""
        deadline = time.monotonic() + FINAL_SECONDS
        while True:
            answer = self.poll(operation_id)
            assert answer.status in (200, 202), answer
            if answer.status == 200:
                return answer.json()
            assert answer.json()["status"] == "assigning"
            assert time.monotonic() < deadline, f"still assigning after {FINAL_SECONDS} s"
            time.sleep(0.02)

    def provision(self, body="default", token=None):
        """Registers and waits for the result: the final body."""
        answer = self.register(body, token)
        assert answer.status == 202, answer
        return self.finish(answer.json()["operationId"])


def parse_connection_string(text):
    members = dict(member.split("=", 1) for member in text.split(";"))
    return members["HostName"], members["SharedAccessKeyName"], members["SharedAccessKey"]


class Operator:
    """A user of the service and management APIs with a shared access policy (service-api.md 1)."""

    def __init__(self, endpoint, connection_string, secrets=None):
        self.endpoint = endpoint
        self.host, self.policy, self.key = parse_connection_string(connection_string)
        self.secrets = set() if secrets is None else secrets

    def token(self, **options):
        options.setdefault("key_name", self.policy)
        return sas.token(options.pop("resource", self.host), options.pop("key", self.key), **options)

    def call(self, method, path, body=None, token=None, if_match=None, headers=(), api_version=SERVICE_API_VERSION):
        sent = [("Authorization", self.token() if token is None else token), *headers]
        if if_match is not None:
            sent.append(("If-Match", if_match))
        answer = self.endpoint.request(method, f"{path}?api-version={api_version}", body, sent)
        self._remember_keys(answer)
        return answer

    def _remember_keys(self, answer):
        """Keys that the service shows are secrets: they may never stand in its log."""
        if answer.status == 200 and b"symmetricKey" in answer.body:
            attestation = json.loads(answer.body)
            if isinstance(attestation, dict):
                attestation = attestation.get("attestation", attestation)
                self.secrets.update(attestation.get("symmetricKey", {}).values())

    # --- enrollments ------------------------------------------------------------------------------------------------
    def put(self, kind, entry, **options):
        identifier = entry["registrationId" if kind == "enrollments" else "enrollmentGroupId"]
        return self.call("PUT", f"/{kind}/{encode(identifier)}", entry, **options)

    def create_individual(self, registration_id, attestation, **members):
        answer = self.put("enrollments", {"registrationId": registration_id, "attestation": attestation, **members})
        assert answer.status == 200, answer
        return answer.json()

    def create_group(self, group_id, attestation, **members):
        answer = self.put("enrollmentGroups", {"enrollmentGroupId": group_id, "attestation": attestation, **members})
        assert answer.status == 200, answer
        return answer.json()

    def get(self, kind, identifier):
        return self.call("GET", f"/{kind}/{encode(identifier)}")

    def delete(self, kind, identifier, **options):
        return self.call("DELETE", f"/{kind}/{encode(identifier)}", **options)

    def query(self, kind, text="SELECT *", headers=()):
        return self.call("POST", f"/{kind}/query", {"query": text}, headers=headers)

    # --- management -------------------------------------------------------------------------------------------------
    def manage(self, method, path, body=None, **options):
        return self.call(method, path, body, api_version=MANAGEMENT_API_VERSION, **options)

    def resource(self):
        """The instance as the management API shows it."""
        answer = self.manage("GET", "/subscriptions/local/providers/Microsoft.Devices/provisioningServices")
        assert answer.status == 200, answer
        return answer.json()["value"][0]

    def put_certificate(self, name, content_base64, verified, **options):
        path = f"{self.resource()['id']}/certificates/{encode(name)}"
        return self.manage("PUT", path, {"certificate": content_base64, "isVerified": verified}, **options)

    def delete_certificate(self, name, **options):
        return self.manage("DELETE", f"{self.resource()['id']}/certificates/{encode(name)}", **options)


# --- attestations as users write them (service-api.md 3.1) ----------------------------------------------------------
def symmetric(primary=None, secondary=None):
    if primary is None:
        return {"type": "symmetricKey"}
    return {"type": "symmetricKey", "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary or primary}}


def _slots(primary, secondary):
    slots = {"primary": {"certificate": primary.pem}}
    if secondary:
        slots["secondary"] = {"certificate": secondary.pem}
    return slots


def client_certificates(primary, secondary=None):
    return {"type": "x509", "x509": {"clientCertificates": _slots(primary, secondary)}}


def signing_certificates(primary, secondary=None):
    return {"type": "x509", "x509": {"signingCertificates": _slots(primary, secondary)}}


def ca_references(primary, secondary=None):
    names = {"primary": primary} | ({"secondary": secondary} if secondary else {})
    return {"type": "x509", "x509": {"caReferences": names}}
