"""Just enough DER to write CMP messages, and wrong ones, octet by octet."""

import base64
import subprocess
import tempfile


def tlv(tag, *parts):
    content = b"".join(parts)
    n = len(content)
    if n < 0x80:
        length = bytes([n])
    else:
        octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def seq(*parts):
    return tlv(0x30, *parts)


def integer(n):
    size = max(1, (n if n >= 0 else ~n).bit_length() // 8 + 1)
    return tlv(0x02, n.to_bytes(size, "big", signed=True))


def octets(b):
    return tlv(0x04, b)


def bits(b, unused=0):
    return tlv(0x03, bytes([unused]), b)


def utf8(text):
    return tlv(0x0C, text.encode())


def gentime(t):
    import time

    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(t)).encode())


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = []
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        low = [arc & 0x7F]
        while arc := arc >> 7:
            low.append(0x80 | arc & 0x7F)
        out += reversed(low)
    return tlv(0x06, bytes(out))


NULL = tlv(0x05)


def explicit(n, inner):
    return tlv(0xA0 | n, inner)


def implicit(n, whole, constructed=True):
    """[n] IMPLICIT over a TLV: its tag is replaced."""
    return bytes([(0xA0 if constructed else 0x80) | n]) + whole[1:]


def read(b, at=0):
    """(tag, start of content, end) of the TLV at `at`."""
    tag, n, start = b[at], b[at + 1], at + 2
    if n & 0x80:
        size = n & 0x7F
        n = int.from_bytes(b[start : start + size], "big")
        start += size
    return tag, start, start + n


def children(b):
    _, at, end = read(b)
    out = []
    while at < end:
        _, _, stop = read(b, at)
        out.append(b[at:stop])
        at = stop
    return out


def name(*pairs):
    """name(("2.5.4.3", "device")): one attribute an RDN."""
    return seq(*(tlv(0x31, seq(oid(a), utf8(v))) for a, v in pairs))


def run(*command, data=None):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def sign(key, data, digest="sha256"):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        if digest is None:
            return run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name)
        return run("openssl", "dgst", "-" + digest, "-sign", key, file.name)


def spki(key):
    return run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")


def pem(path):
    with open(path) as file:
        body = [line for line in file.read().splitlines() if not line.startswith("-")]
    return base64.b64decode("".join(body))
