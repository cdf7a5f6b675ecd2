#!/usr/bin/env python3
"""Reads CMP messages with python3-pyasn1-modules, which owes nothing to Dragoman.

cmp_show.py failinfo FILE    names of the PKIFailureInfo bits of an error, ip, cp, kup or rp
cmp_show.py body FILE        the name of the body
cmp_show.py fields FILE      one line a field, for comparison
"""
import sys

from pyasn1.codec.der import decoder
from pyasn1_modules import rfc4210

BITS = ["badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId", "badDataFormat", "wrongAuthority",
        "incorrectData", "missingTimeStamp", "badPOP", "certRevoked", "certConfirmed", "wrongIntegrity",
        "badRecipientNonce", "timeNotAvailable", "unacceptedPolicy", "unacceptedExtension",
        "addInfoNotAvailable", "badSenderNonce", "badCertTemplate", "signerNotTrusted", "transactionIdInUse",
        "unsupportedVersion", "notAuthorized", "systemUnavail", "systemFailure", "duplicateCertReq"]


def load(path):
    with open(path, "rb") as file:
        message, rest = decoder.decode(file.read(), asn1Spec=rfc4210.PKIMessage())
    if rest:
        raise SystemExit("%d octets behind the message" % len(rest))
    return message


def failinfo(message):
    name = message["body"].getName()
    body = message["body"].getComponent()
    if name == "error":
        info = body["pKIStatusInfo"]
    elif name in ("ip", "cp", "kup"):
        info = body["response"][0]["status"]
    elif name == "rp":
        info = body["status"][0]
    else:
        return "none (%s)" % name
    if not info["failInfo"].isValue:
        return "none"
    return ", ".join(BITS[i] for i, bit in enumerate(info["failInfo"]) if bit)


def fields(message):
    header = message["header"]
    out = ["pvno %d" % header["pvno"], "body %s" % message["body"].getName()]
    for name in ("messageTime", "senderKID", "transactionID", "senderNonce", "recipNonce"):
        if header[name].isValue:
            value = header[name]
            out.append("%s %s" % (name, value if name == "messageTime" else bytes(value).hex()))
    if header["protectionAlg"].isValue:
        out.append("protectionAlg %s" % header["protectionAlg"]["algorithm"])
    out.append("protection %s" % ("yes" if message["protection"].isValue else "no"))
    out.append("extraCerts %d" % (len(message["extraCerts"]) if message["extraCerts"].isValue else 0))
    return "\n".join(out)


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    message = load(arguments[1])
    print({"failinfo": failinfo, "fields": fields, "body": lambda m: m["body"].getName()}[arguments[0]](message))


if __name__ == "__main__":
    main(sys.argv[1:])
