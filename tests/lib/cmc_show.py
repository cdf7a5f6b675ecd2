#!/usr/bin/env python3
"""Reads CMC messages with python3-pyasn1-modules, which owes nothing to Dragoman.

cmc_show.py FILE    one line a field, in the words of peers/bc-ca/Decode.java
"""
import hashlib
import sys

from pyasn1.codec.der import decoder, encoder
from pyasn1_modules import rfc5652, rfc6402

PKI_DATA = "1.3.6.1.5.5.7.12.2"


def whole(octets, spec):
    value, rest = decoder.decode(octets, asn1Spec=spec)
    if rest:
        raise SystemExit("%d octets behind %s" % (len(rest), type(spec).__name__))
    return value


def sha256(value):
    return hashlib.sha256(encoder.encode(value)).hexdigest()


def control(item):
    values = item["attrValues"]
    text = bytes(values[0]).hex() if len(values) else ""
    return "control %d %s %s" % (item["bodyPartID"], item["attrType"], text)


def request(item):
    name = item.getName()
    if name == "tcr":
        tagged = item["tcr"]
        return "tcr %d %s" % (tagged["bodyPartID"], sha256(tagged["certificationRequest"]))
    message = item["crm"]
    popo = " no popo"
    if message["popo"].isValue:
        popo = " popo %d" % ["raVerified", "signature", "keyEncipherment", "keyAgreement"].index(
            message["popo"].getName())
    return "crm %d %s%s%s" % (message["certReq"]["certReqId"], sha256(message["certReq"]["certTemplate"]), popo,
                              " regInfo" if message["regInfo"].isValue else "")


def show(octets):
    info = whole(octets, rfc5652.ContentInfo())
    signed = whole(bytes(info["content"]), rfc5652.SignedData())
    kind = str(signed["encapContentInfo"]["eContentType"])
    out = ["version %d" % signed["version"], "content " + kind]
    for signer in signed["signerInfos"]:
        out.append("signer %s %s %s" % (signer["sid"].getName(), signer["digestAlgorithm"]["algorithm"],
                                        signer["signatureAlgorithm"]["algorithm"]))
    content = bytes(signed["encapContentInfo"]["eContent"])
    if kind == PKI_DATA:
        data = whole(content, rfc6402.PKIData())
        out += [control(item) for item in data["controlSequence"]]
        out += [request(item) for item in data["reqSequence"]]
        out += ["cmsSequence %d" % len(data["cmsSequence"]),
                "otherMsgSequence %d" % len(data["otherMsgSequence"])]
    else:
        response = whole(content, rfc6402.PKIResponse())
        out += [control(item) for item in response["controlSequence"]]
    return "\n".join(out)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        print(show(file.read()))
