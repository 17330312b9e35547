"""A TPM in software, as far as devices use theirs to register (device-api.md 5): keys by the TCG's templates, and
activation blobs undone with Python's own cryptography, so that the service is not checked against its own code."""
import base64
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")
EK_ATTRIBUTES = 0x000300B2
SRK_ATTRIBUTES = 0x00030472
SYMMETRIC = bytes.fromhex("000600800043")


class Refused(Exception):
    """What a TPM would answer with a response code."""


def sized(octets):
    return struct.pack(">H", len(octets)) + octets


def take_sized(octets):
    (size,) = struct.unpack(">H", octets[:2])
    if len(octets) < 2 + size:
        raise Refused("truncated")
    return octets[2 : 2 + size], octets[2 + size :]


def kdfa(key, label, context, bits):
    """TPM 2.0 part 1 section 11.4.10.2, for at most one digest."""
    data = struct.pack(">I", 1) + label + b"\0" + context + struct.pack(">I", bits)
    return hmac.new(key, data, hashlib.sha256).digest()[: bits // 8]


def cfb_decrypt(key, octets):
    decryptor = Cipher(algorithms.AES(key), modes.CFB(bytes(16))).decryptor()
    return decryptor.update(octets) + decryptor.finalize()


class Key:
    """A restricted decryption key in the TPM: `octets` is its TPM2B_PUBLIC."""

    def __init__(self, attributes, policy, curve=False):
        head = struct.pack(">HI", 0x000B, attributes) + sized(policy) + SYMMETRIC + b"\x00\x10"
        if curve:
            self.private = ec.generate_private_key(ec.SECP256R1())
            point = self.private.public_key().public_numbers()
            self.x = point.x.to_bytes(32, "big")
            body = b"\x00\x23" + head + b"\x00\x03\x00\x10" + sized(self.x) + sized(point.y.to_bytes(32, "big"))
        else:
            self.private = rsa.generate_private_key(65537, 2048)
            modulus = self.private.public_key().public_numbers().n.to_bytes(256, "big")
            body = b"\x00\x01" + head + struct.pack(">HI", 2048, 0) + sized(modulus)
        self.octets = sized(body)
        self.name = b"\x00\x0b" + hashlib.sha256(body).digest()

    def base64(self):
        return base64.b64encode(self.octets).decode()

    def seed(self, label, secret):
        """The seed behind a TPM2B_ENCRYPTED_SECRET's content."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label + b"\0")
            try:
                return self.private.decrypt(secret, oaep)
            except ValueError as error:
                raise Refused("OAEP") from error
        x, rest = take_sized(secret)
        y, _ = take_sized(rest)
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
        shared = self.private.exchange(ec.ECDH(), numbers.public_key())
        return hashlib.sha256(struct.pack(">I", 1) + shared + label + b"\0" + x + self.x).digest()

    def unwrap(self, label, secret, name, wrapped):
        seed = self.seed(label, secret)
        mac, encrypted = take_sized(wrapped)
        key = kdfa(seed, b"INTEGRITY", b"", 256)
        if not hmac.compare_digest(mac, hmac.new(key, encrypted + name, hashlib.sha256).digest()):
            raise Refused("integrity")
        return cfb_decrypt(kdfa(seed, b"STORAGE", name, 128), encrypted)


class Tpm:
    def __init__(self, curve=True):
        self.curve = curve
        self.ek = Key(EK_ATTRIBUTES, EK_POLICY, curve)
        self.srk = Key(SRK_ATTRIBUTES, b"", curve)

    def clear(self):
        """A new owner: another storage root key."""
        self.srk = Key(SRK_ATTRIBUTES, b"", self.curve)

    def keys(self):
        """The member `tpm` of a register call."""
        return {"endorsementKey": self.ek.base64(), "storageRootKey": self.srk.base64()}

    def attestation(self):
        return {"type": "tpm", "tpm": {"endorsementKey": self.ek.base64()}}

    def registration_id(self):
        digest = hashlib.sha256(self.ek.octets).digest()
        return base64.b32encode(digest).decode().lower().rstrip("=")

    def activate(self, blob):
        """The HMAC key in an activation blob, as base64; no TPM would let it out."""
        pieces = []
        rest = blob
        for _ in range(6):
            piece, rest = take_sized(rest)
            pieces.append(piece)
        if rest:
            raise Refused("left over")
        id_object, secret, duplicate, seed, public_area, _ = pieces
        wrap_key, _ = take_sized(self.ek.unwrap(b"IDENTITY", secret, self.srk.name, id_object))
        name = b"\x00\x0b" + hashlib.sha256(public_area).digest()
        inner = cfb_decrypt(wrap_key, self.srk.unwrap(b"DUPLICATE", seed, name, duplicate))
        integrity, sensitive = take_sized(inner)
        if hashlib.sha256(sensitive + name).digest() != integrity:
            raise Refused("inner integrity")
        fields, _ = take_sized(sensitive)
        _, fields = take_sized(fields[2:])
        obfuscation, fields = take_sized(fields)
        key, _ = take_sized(fields)
        if public_area[-32:] != hashlib.sha256(obfuscation + key).digest():
            raise Refused("unique")
        return base64.b64encode(key).decode()

    def activate_base64(self, text):
        return self.activate(base64.b64decode(text, validate=True))
