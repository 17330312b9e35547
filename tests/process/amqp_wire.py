"""A device that speaks AMQP 1.0 octet by octet, straight or in WebSocket, so that what comes in which order, and in
which sections, can be tested (device-api.md 7.4)."""
import dataclasses
import json

import proton

import amqp

OPEN, BEGIN, ATTACH, FLOW, TRANSFER, DISPOSITION, DETACH, END, CLOSE = range(0x10, 0x19)
ACCEPTED, REJECTED = 0x24, 0x25
PROPERTIES, APPLICATION_PROPERTIES, DATA = 0x73, 0x74, 0x75
EMPTY_LIST = b"\x45"
TO_SERVICE, FROM_SERVICE = 0, 1  # handles of the two links


def decode(octets):
    """The first value and the octets behind it."""
    data = proton.Data()
    used = data.decode(octets)
    data.rewind()
    data.next()
    return data.get_object(), octets[used:]


@dataclasses.dataclass(frozen=True)
class Exchange:
    """What came for one request: kinds of frames in their order, the verdict, sections of the response."""

    kinds: tuple
    state: proton.Described
    sections: tuple = ()

    @property
    def is_accepted(self):
        return self.state.descriptor == ACCEPTED

    def section(self, descriptor):
        return next((value for name, value in self.sections if name == descriptor), None)


class WireDevice:
    """Both links of one device; without `token` SASL is left out."""

    def __init__(self, raw, resource, token=None):
        self.raw = raw
        self.deliveries = 0
        if token is not None:
            self._authenticate(resource, token)
        raw.send(amqp.AMQP_HEADER, amqp.open_frame(), amqp.begin_frame())
        raw.send(amqp.attach_frame("to", TO_SERVICE, False, resource))
        raw.send(amqp.attach_frame("from", FROM_SERVICE, True, resource))
        assert raw.read(8) == amqp.AMQP_HEADER
        assert sorted(self._frame()[0] for _ in range(5)) == [OPEN, BEGIN, ATTACH, ATTACH, FLOW]
        raw.send(amqp.frame(FLOW, *map(amqp.uint, (0, 100, 0, 100, FROM_SERVICE, 0, 100))))

    def _authenticate(self, resource, token):
        self.raw.send(amqp.SASL_HEADER)
        assert self.raw.read(8) == amqp.SASL_HEADER
        assert self.raw.frame()[0] == 0x40, "the mechanisms"
        words = amqp.binary(f"\0{resource}\0{token}".encode())
        self.raw.send(amqp.frame(0x41, b"\xa3\x05PLAIN", words, kind=1))
        kind, body = self.raw.frame()
        assert kind == 0x44 and decode(body)[0].value[0] == 0, "the outcome is ok"

    def _frame(self):
        """The next frame that is not empty: kind, fields, payload."""
        while True:
            frame = self.raw.frame()
            assert frame is not None, "the service has closed"
            kind, body = frame
            if body:
                performative, payload = decode(body)
                assert kind not in (DETACH, END, CLOSE), performative
                return kind, performative.value, payload

    def ask(self, operation="iotdps-register", **parts):
        """One request and everything that comes for it."""
        self.raw.send(amqp.transfer_frame(TO_SERVICE, self.deliveries, amqp.request(operation, **parts)))
        self.deliveries += 1
        kinds, state, sections = [], None, None
        while state is None or (state.descriptor == ACCEPTED and sections is None):
            kind, fields, payload = self._frame()
            kinds.append(kind)
            if kind == DISPOSITION:
                state = fields[4]
            elif kind == TRANSFER:
                sections = tuple(_sections(payload))
                settled = (amqp.TRUE, amqp.uint(fields[1]), amqp.NULL, amqp.TRUE, amqp.described(ACCEPTED, EMPTY_LIST))
                self.raw.send(amqp.frame(DISPOSITION, *settled))
        return Exchange(tuple(kinds), state, sections or ())


def _sections(payload):
    while payload:
        section, payload = decode(payload)
        yield section.descriptor, section.value


def json_of(exchange):
    """What the response says."""
    return json.loads(exchange.section(DATA))
