"""Shared access signatures as the different SDKs write them (device-api.md 4.1, service-api.md 1.2)."""
import base64
import hashlib
import hmac
import re
import time
import urllib.parse


def sign(key, text):
    """base64 of the HMAC-SHA256 of `text` under the base64 key."""
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def derive_device_key(group_key, registration_id):
    """The key of a group's device (device-api.md 4.3)."""
    return sign(group_key, registration_id)


def raw(resource):
    return resource


def upper(resource):
    return urllib.parse.quote(resource, safe="")


def lower(resource):
    return re.sub("%..", lambda escape: escape.group().lower(), upper(resource))


def token(
    resource,
    key=None,
    key_name="registration",
    lifetime=3600,
    encode=upper,
    order="sr sig se skn",
    escape=upper,
    signer=None,
):
    """One token. `key_name` None leaves `skn` out; `lifetime` counts from now in seconds and may be negative. `signer`
    stands for a key that is elsewhere: text to base64."""
    literal = encode(resource)
    expiry = str(int(time.time()) + lifetime)
    text = f"{literal}\n{expiry}"
    fields = {"sr": literal, "sig": escape(signer(text) if signer else sign(key, text)), "se": expiry}
    if key_name is not None:
        fields["skn"] = key_name
    return "SharedAccessSignature " + "&".join(f"{name}={fields[name]}" for name in order.split() if name in fields)
