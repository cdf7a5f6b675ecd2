#!/usr/bin/env python3
"""Joins vectors of the other folders into what has no folder of its own."""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.dirname(HERE)
sys.path.insert(0, VECTORS)
from dertree import encode, oid  # noqa: E402


def load(name):
    with open(os.path.join(VECTORS, name), "rb") as file:
        return file.read()


def save(name, octets):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(octets)


save("cert-req-messages.der", encode([0x30, [load("crmf/bc-signature.der"),
                                             load("crmf/bc-encr-cert.der")]]))
# The example of RFC 8951 in spirit: OIDs, and an attribute with a curve.
save("csr-attrs.der", encode([0x30, [
    oid("1.2.840.113549.1.9.7"),
    [0x30, [oid("1.2.840.10045.2.1"), [0x31, [oid("1.3.132.0.34")]]]],
    [0x30, [oid("1.2.840.113549.1.9.14"), [0x31, [oid("1.3.6.1.5.5.7.1.24"), [0x02, b"\x05"]]]]],
    oid("1.2.840.10045.4.3.3")]]))
save("csr-attrs-empty.der", encode([0x30, []]))
shutil.copy(os.path.join(VECTORS, "pkix/inter.crl"), os.path.join(HERE, "crl.der"))
shutil.copy(os.path.join(VECTORS, "pkix/inter-empty.crl"), os.path.join(HERE, "crl-empty.der"))
shutil.copy(os.path.join(VECTORS, "pkix/root.der"), os.path.join(HERE, "certificate-root.der"))
