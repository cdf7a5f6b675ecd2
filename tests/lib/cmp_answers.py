#!/usr/bin/env python3
"""Reads CMP answers of the gateway with pyasn1-modules, an implementation of RFC 4210 and 9480 that
shares nothing with ours, and checks what every one of them must have.

usage: cmp_answers.py FILE...
"""

import sys

from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1_modules import rfc4210

ANSWERS = {"ip", "cp", "kup", "rp", "genp", "error", "pkiconf", "pollRep"}


def is_self_issued(certificate):
    tbs = certificate["tbsCertificate"]
    return encode(tbs["issuer"]) == encode(tbs["subject"])


def faults(octets):
    message, rest = decode(octets, asn1Spec=rfc4210.PKIMessage())
    header, body = message["header"], message["body"].getName()
    if rest:
        yield "octets behind the message"
    if encode(message) != octets:
        yield "is not DER, or not the module's"
    if int(header["pvno"]) not in (2, 3):
        yield "pvno %d" % header["pvno"]
    if body not in ANSWERS:
        yield "a gateway does not send " + body
    if not header["messageTime"].hasValue():
        yield "no messageTime"
    if not header["senderNonce"].hasValue() or len(header["senderNonce"]) != 16:
        yield "no senderNonce of 16 octets"
    if header["protectionAlg"].hasValue() != message["protection"].hasValue():
        yield "protectionAlg and protection do not go together"
    for certificate in message["extraCerts"] if message["extraCerts"].hasValue() else ():
        if is_self_issued(certificate):
            yield "a root in extraCerts"
    if body in ("ip", "cp", "kup"):
        yield from response_faults(message["body"][body])


def response_faults(replies):
    for response in replies["response"]:
        granted = int(response["status"]["status"]) in (0, 1)
        if granted != response["certifiedKeyPair"].hasValue():
            yield "status and certificate do not go together"
        if granted and response["status"]["failInfo"].hasValue():
            yield "failInfo beside a certificate"


def main():
    bad = 0
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            octets = file.read()
        for fault in faults(octets):
            print("%s: %s" % (path, fault))
            bad += 1
    print("%d answers, %d faults" % (len(sys.argv) - 1, bad))
    return 1 if bad or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
