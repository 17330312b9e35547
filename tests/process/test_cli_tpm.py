"""`muster tpm show`, `own` and `clear` on TPMs in software, with tpm2-tools as the second voice (device-api.md 5.1)."""
import base64
import hashlib
import json
import subprocess

import pytest

from cli_program import REFUSED, UNREACHABLE, USAGE, muster

EK, SRK, DEVICE_KEY = "0x81010001", "0x81000001", "0x81000100"
EK_PREFIX = bytes.fromhex(
    "013a0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa00060080004300100800"
    "000000000100"
)
SRK_PREFIX = bytes.fromhex("011a0001000b00030472000000060080004300100800000000000100")


def show(tpm, *options):
    return json.loads(muster("tpm", "show", "--tcti", tpm.tcti, *options, "-o", "json"))


def own(tpm, *options):
    found = json.loads(muster("tpm", "own", "--tcti", tpm.tcti, *options, "-o", "json"))
    return found["endorsementKey"]["change"], found["storageRootKey"]["change"]


def default_registration_id(public_key):
    digest = base64.b32encode(hashlib.sha256(public_key).digest()).decode()
    return digest.rstrip("=").lower()


# --- show -----------------------------------------------------------------------------------------------------------
def test_show_tells_the_keys_of_a_fresh_tpm_and_keeps_none(own_tpm):
    tpm = own_tpm()
    shown = show(tpm)
    endorsement_key = base64.b64decode(shown["endorsementKey"])
    assert endorsement_key.startswith(EK_PREFIX) and len(endorsement_key) == 316
    storage_root_key = base64.b64decode(shown["storageRootKey"])
    assert storage_root_key.startswith(SRK_PREFIX) and len(storage_root_key) == 284
    assert shown["registrationId"] == default_registration_id(endorsement_key)
    assert (shown["owned"], shown["provisioned"]) == (False, False)
    assert shown["keys"]["endorsementKey"]["persistent"] is False
    assert shown["keys"]["storageRootKey"]["persistent"] is False
    assert shown["authorizationSet"] == {"owner": False, "endorsement": False, "lockout": False}
    assert (shown["manufacturer"], shown["specification"]) == ("IBM", "1.64")
    assert "endorsementCertificate" not in shown
    assert tpm.persistent_handles() == [] and tpm.loaded() == []


def test_show_agrees_with_tpm2_tools(own_tpm):
    tpm = own_tpm()
    shown = show(tpm)
    tpm.tool("createek", "-c", EK, "-G", "rsa", "-u", "ek.pub")
    assert tpm.public_key(EK) == base64.b64decode(shown["endorsementKey"]), "the standard endorsement key"
    assert show(tpm)["keys"]["endorsementKey"] == {
        "handle": EK,
        "persistent": True,
        "type": "RSA-2048",
        "template": shown["keys"]["endorsementKey"]["template"],
    }


def test_show_tells_the_makers_certificate(own_tpm):
    tpm = own_tpm(certified=True)
    shown = show(tpm)
    certificate = shown["endorsementCertificate"]
    assert certificate["isOfTheEndorsementKey"] is True
    (tpm.folder / "ek.pem").write_text(certificate["pem"], encoding="utf-8")
    authority = tpm.folder / "maker" / "ca.pem"
    verified = subprocess.run(
        ["openssl", "verify", "-partial_chain", "-ignore_critical", "-trusted", authority, tpm.folder / "ek.pem"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified
    assert tpm.public_key(EK) == base64.b64decode(shown["endorsementKey"])


def test_show_for_people(own_tpm):
    text = muster("tpm", "show", "--tcti", own_tpm().tcti)
    for line in ("Owned", "no: muster tpm own", "RSA-2048", "endorsementKey", "AToAAQALAAMAsgAg"):
        assert line in text


def test_the_tpm_is_found_by_the_environment(own_tpm):
    tpm = own_tpm()
    for name in ("MUSTER_TCTI", "TPM2TOOLS_TCTI"):
        assert "Registration ID" in muster("tpm", "show", environment={name: tpm.tcti})


@pytest.mark.parametrize("tcti", ["device:/nonexistent", "swtpm:host=127.0.0.1,port=1", "nonsense"])
def test_no_tpm_is_told_as_such(tcti):
    error = muster("tpm", "show", "--tcti", tcti, code=UNREACHABLE)
    assert error.startswith(f'muster: Cannot reach a TPM by "{tcti}"') and error.count("\n") == 1


# --- own ------------------------------------------------------------------------------------------------------------
def test_own_keeps_both_keys_once(own_tpm):
    tpm = own_tpm()
    before = show(tpm)
    assert own(tpm) == ("made", "made")
    assert tpm.persistent_handles() == [SRK, EK]
    for handle, name in ((EK, "endorsementKey"), (SRK, "storageRootKey")):
        assert tpm.public_key(handle) == base64.b64decode(before[name]), "what show had foretold"
    assert own(tpm) == ("was there", "was there")
    after = show(tpm)
    assert after["owned"] is True and after["registrationId"] == before["registrationId"]
    assert tpm.loaded() == []


def test_own_completes_what_a_maker_began(own_tpm):
    tpm = own_tpm(certified=True)
    assert own(tpm) == ("was there", "made")


def test_own_takes_a_storage_root_key_of_an_elliptic_curve_as_it_is(own_tpm):
    """As systemd makes it."""
    tpm = own_tpm()
    tpm.tool("createprimary", "-C", "o", "-G", "ecc", "-g", "sha256", "-c", "srk.ctx")
    tpm.tool("evictcontrol", "-C", "o", "-c", "srk.ctx", SRK)
    tpm.tool("flushcontext", "-t")
    assert own(tpm) == ("made", "was there")


def foreign_object(tpm, handle):
    """A key that signs."""
    tpm.tool("createprimary", "-C", "o", "-G", "rsa:rsassa:null", "-a", SIGNING, "-c", "foreign.ctx")
    tpm.tool("evictcontrol", "-C", "o", "-c", "foreign.ctx", handle)
    tpm.tool("flushcontext", "-t")


SIGNING = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"


@pytest.mark.parametrize("handle", [SRK])
def test_own_keeps_foreign_objects_unless_told_otherwise(own_tpm, handle):
    tpm = own_tpm()
    foreign_object(tpm, handle)
    foreign = tpm.public_key(handle)
    error = muster("tpm", "own", "--tcti", tpm.tcti, code=REFUSED)
    assert f"What stands at {handle} cannot serve as storage root key" in error and "--replace" in error
    assert tpm.public_key(handle) == foreign
    assert "problem" in show(tpm)["keys"]["storageRootKey"]

    assert own(tpm, "--replace") == ("was there", "made in place of another object")
    assert tpm.public_key(handle).startswith(SRK_PREFIX)
    assert tpm.loaded() == []


def test_own_needs_the_authorizations_that_are_set(own_tpm):
    tpm = own_tpm()
    tpm.tool("changeauth", "-c", "owner", "owner-secret")
    tpm.tool("changeauth", "-c", "endorsement", "endorsement-secret")
    error = muster("tpm", "own", "--tcti", tpm.tcti, code=REFUSED)
    assert "derive its endorsement key" in error and "authorization" in error
    assert tpm.persistent_handles() == []

    (tpm.folder / "owner").write_text("owner-secret\n", encoding="utf-8")
    (tpm.folder / "endorsement").write_text("endorsement-secret", encoding="utf-8")
    files = ("--owner-auth-file", tpm.folder / "owner", "--endorsement-auth-file", tpm.folder / "endorsement")
    assert own(tpm, *files) == ("made", "made")
    shown = show(tpm)
    assert shown["authorizationSet"] == {"owner": True, "endorsement": True, "lockout": False}
    assert shown["owned"] is True, "what is kept is shown to everybody"


# --- clear ----------------------------------------------------------------------------------------------------------
def test_clear_says_what_is_lost_and_does_nothing_unless_confirmed(own_tpm):
    tpm = own_tpm()
    own(tpm)
    error = muster("tpm", "clear", "--tcti", tpm.tcti, code=USAGE)
    assert "Nothing was cleared." in error and "storage root key" in error and "--yes-clear-this-tpm" in error
    assert tpm.persistent_handles() == [SRK, EK]


@pytest.mark.parametrize("by", ["lockout", "platform"])
def test_a_cleared_tpm_keeps_its_endorsement_key_and_gets_another_storage_root_key(own_tpm, by):
    tpm = own_tpm()
    own(tpm)
    before = show(tpm)
    muster("tpm", "clear", "--tcti", tpm.tcti, "--yes-clear-this-tpm", "--by", by)
    assert tpm.persistent_handles() == []
    assert own(tpm) == ("made", "made")
    after = show(tpm)
    assert after["endorsementKey"] == before["endorsementKey"] and after["registrationId"] == before["registrationId"]
    assert after["storageRootKey"] != before["storageRootKey"]


def test_clear_needs_the_lockout_authorization_that_is_set(own_tpm):
    tpm = own_tpm()
    own(tpm)
    tpm.tool("changeauth", "-c", "lockout", "lockout-secret")
    muster("tpm", "clear", "--tcti", tpm.tcti, "--yes-clear-this-tpm", code=REFUSED)
    # One wrong try locks that hierarchy until the TPM is started anew, whoever knows the value.
    (tpm.folder / "lockout").write_text("lockout-secret", encoding="utf-8")
    error = muster(
        *("tpm", "clear", "--tcti", tpm.tcti, "--yes-clear-this-tpm", "--lockout-auth-file", tpm.folder / "lockout"),
        code=REFUSED,
    )
    assert "locked itself" in error
    assert tpm.persistent_handles() == [SRK, EK]


def test_clear_with_the_lockout_authorization(own_tpm):
    tpm = own_tpm()
    own(tpm)
    tpm.tool("changeauth", "-c", "lockout", "lockout-secret")
    (tpm.folder / "lockout").write_text("lockout-secret", encoding="utf-8")
    muster("tpm", "clear", "--tcti", tpm.tcti, "--yes-clear-this-tpm", "--lockout-auth-file", tpm.folder / "lockout")
    assert tpm.persistent_handles() == []


def test_clear_that_its_owner_forbade(own_tpm):
    tpm = own_tpm()
    own(tpm)
    tpm.tool("clearcontrol", "-C", "p", "s")
    error = muster("tpm", "clear", "--tcti", tpm.tcti, "--yes-clear-this-tpm", code=REFUSED)
    assert "The command is disabled" in error
    assert show(tpm)["clearDisabled"] is True
