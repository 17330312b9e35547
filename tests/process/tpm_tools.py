"""Both sides of a TPM attestation made of tpm2-tools alone: what opens activation blobs, and what makes them."""
import base64
import hashlib
import secrets
import struct
import subprocess

import sas

ENDORSEMENT_KEY, STORAGE_ROOT_KEY, DEVICE_KEY = "0x81010001", "0x81000001", "0x81000100"
SRK_ATTRIBUTES = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
CREDENTIAL_MAGIC = bytes.fromhex("badcc0de00000001")  # what tpm2-tools put before a credential in a file


def sized(octets):
    return struct.pack(">H", len(octets)) + octets


def pieces_of(blob):
    """The six pieces of an activation blob, each with its size (device-api.md 5.5)."""
    pieces = []
    while blob:
        (size,) = struct.unpack(">H", blob[:2])
        assert len(blob) >= 2 + size
        pieces.append(blob[: 2 + size])
        blob = blob[2 + size :]
    assert len(pieces) == 6
    return pieces


def name_of(public_key):
    """TPM2B_PUBLIC to its Name."""
    return b"\x00\x0b" + hashlib.sha256(public_key[2:]).digest()


class ToolsDevice:
    """A device whose TPM is used with tpm2-tools. The key of the last blob is in `device.ctx`."""

    def __init__(self, tpm):
        self.tpm = tpm

    def own(self):
        self.tpm.step("createek", "-c", ENDORSEMENT_KEY, "-G", "rsa", "-u", "ek.out")
        self.tpm.step("createprimary", "-C", "o", "-a", SRK_ATTRIBUTES, "-c", "srk.ctx")
        self.tpm.step("evictcontrol", "-C", "o", "-c", "srk.ctx", STORAGE_ROOT_KEY)
        return self

    def keys(self):
        """The member `tpm` of a registration."""
        return {
            "endorsementKey": base64.b64encode(self.tpm.public_key(ENDORSEMENT_KEY)).decode(),
            "storageRootKey": base64.b64encode(self.tpm.public_key(STORAGE_ROOT_KEY)).decode(),
        }

    def inner_key(self, blob, code=0):
        """What TPM2_ActivateCredential makes of the blob's first pieces."""
        credential, seed = pieces_of(blob)[:2]
        (self.tpm.folder / "credential").write_bytes(CREDENTIAL_MAGIC + credential + seed)
        self.tpm.tool("startauthsession", "--policy-session", "-S", "session.ctx")
        self.tpm.tool("policysecret", "-S", "session.ctx", "-c", "e")
        try:
            self.tpm.tool(
                *("activatecredential", "-c", STORAGE_ROOT_KEY, "-C", ENDORSEMENT_KEY, "-P", "session:session.ctx"),
                *("-i", "credential", "-o", "inner"),
                code=code,
            )
        finally:
            self.tpm.tool("flushcontext", "session.ctx")
        return (self.tpm.folder / "inner").read_bytes() if code == 0 else None

    def activate(self, blob):
        """TPM2_Import and TPM2_Load of what the blob brings."""
        self.inner_key(blob)
        _, _, duplicate, seed, public, _ = pieces_of(blob)
        for name, octets in (("key.dup", duplicate), ("key.seed", seed), ("key.pub", public)):
            (self.tpm.folder / name).write_bytes(octets)
        self.tpm.step(
            *("import", "-C", STORAGE_ROOT_KEY, "-k", "inner", "-i", "key.dup", "-s", "key.seed", "-u", "key.pub"),
            *("-r", "key.priv"),
        )
        self.tpm.step("load", "-C", STORAGE_ROOT_KEY, "-u", "key.pub", "-r", "key.priv", "-c", "device.ctx")

    def text(self, blob):
        """The last piece, in clear: it is wrapped by the inner key like the key before it."""
        octets = pieces_of(blob)[5][2:]
        command = ["openssl", "enc", "-d", "-aes-128-cfb", "-nopad", "-K", self.inner_key(blob).hex(), "-iv", "00" * 16]
        return subprocess.run(command, input=octets, capture_output=True, check=True).stdout

    def sign(self, octets):
        (self.tpm.folder / "text").write_bytes(octets)
        self.tpm.step("hmac", "-c", "device.ctx", "-o", "mac", "text")
        return (self.tpm.folder / "mac").read_bytes()

    def token(self, resource):
        return sas.token(resource, signer=lambda text: base64.b64encode(self.sign(text.encode())).decode())


class ToolsService:
    """Makes activation blobs with tpm2-tools and a TPM of its own, as Microsoft's sample of a service does: the key
    has a policy that lets it be duplicated."""

    def __init__(self, tpm):
        self.tpm = tpm
        tpm.step("createprimary", "-C", "o", "-c", "parent.ctx")
        tpm.tool("startauthsession", "-S", "trial.ctx")
        tpm.tool("policycommandcode", "-S", "trial.ctx", "-L", "duplicate.policy", "TPM2_CC_Duplicate")
        tpm.tool("flushcontext", "trial.ctx")

    def blob(self, keys, key):
        """Brings `key` into the TPM with these keys."""
        tpm, folder = self.tpm, self.tpm.folder
        storage_root_key = base64.b64decode(keys["storageRootKey"])
        (folder / "ek.pub").write_bytes(base64.b64decode(keys["endorsementKey"]))
        (folder / "srk.pub").write_bytes(storage_root_key)
        (folder / "inner").write_bytes(secrets.token_bytes(16))
        (folder / "key").write_bytes(key)
        tpm.tool(
            *("makecredential", "-u", "ek.pub", "-s", "inner", "-n", name_of(storage_root_key).hex(), "-o", "credential")
        )
        self._duplicate()
        parts = [folder / name for name in ("credential", "key.dup", "key.seed", "key.pub")]
        credential, *rest = (part.read_bytes() for part in parts)
        return credential.removeprefix(CREDENTIAL_MAGIC) + b"".join(rest) + sized(b"any text")

    def _duplicate(self):
        tool, step = self.tpm.tool, self.tpm.step
        step(
            *("import", "-C", "parent.ctx", "-G", "hmac", "-i", "key", "-u", "key.pub", "-r", "key.priv"),
            *("-L", "duplicate.policy", "-a", "sign|noda|userwithauth"),
        )
        step("load", "-C", "parent.ctx", "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx")
        step("loadexternal", "-C", "n", "-u", "srk.pub", "-c", "srk.ctx")
        tool("startauthsession", "--policy-session", "-S", "session.ctx")
        tool("policycommandcode", "-S", "session.ctx", "TPM2_CC_Duplicate")
        step(
            *("duplicate", "-C", "srk.ctx", "-c", "key.ctx", "-G", "aes", "-i", "inner", "-p", "session:session.ctx"),
            *("-r", "key.dup", "-s", "key.seed"),
        )
        tool("flushcontext", "session.ctx")
