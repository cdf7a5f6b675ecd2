#!/usr/bin/env python3
"""Makes what an authority answers to the request of tests/unit/adapters/cmc/test_cmc_outbound.c.

make.py    writes keys, certificates and answers into this folder, new ones each time

DER is written by tests/lib/der.py, certificates and signatures are made by the openssl command: no
octet comes from Dragoman. The transaction is the one that the test's fixed entropy gives.
"""
import os
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../../lib"))
import der  # noqa: E402

TRANSACTION = bytes([0x40] + list(range(1, 16)))
NONCE = bytes(range(0x10, 0x20))        # of the first message
NEXT_NONCE = bytes(range(0x80, 0x90))   # of a later one
ITEM = 1
OUR_CONTROL = 2                         # transactionId in our message
QUERY_CONTROL = 5
YEARS = str(365 * 100)
PKI_RESPONSE = "1.3.6.1.5.5.7.12.3"


def openssl(*arguments, data=None):
    done = subprocess.run(("openssl",) + arguments, input=data, cwd=here, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    return done.stdout


def key(name):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")


def authority(name, subject):
    key(name)
    openssl("req", "-x509", "-new", "-key", name + ".key", "-subj", subject, "-days", YEARS, "-out",
            name + ".pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def request(name, subject, *options):
    openssl("req", "-new", "-key", name + ".key", "-subj", subject, "-outform", "DER", "-out",
            name + ".p10", *options)


def certificate(name, request_name, extensions="", subject=None, ca="ca"):
    text = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    with open(os.path.join(here, "ext.tmp"), "w") as file:
        file.write(text + extensions)
    options = [] if subject is None else ["-subj", subject]
    openssl("x509", "-req", "-inform", "DER", "-in", request_name + ".p10", "-CA", ca + ".pem", "-CAkey",
            ca + ".key", "-set_serial", "0x" + os.urandom(12).hex(), "-days", YEARS, "-extfile", "ext.tmp",
            "-out", name + ".pem", *options)
    os.remove(os.path.join(here, "ext.tmp"))


# ---- the parts of a PKIResponse ----------------------------------------------------------------

def control(number, kind, *values):
    return der.seq(der.integer(number), der.oid("1.3.6.1.5.5.7.7.%d" % kind), der.set_of(*values))


def reference(part):
    if isinstance(part, tuple):
        return der.seq(*[der.integer(step) for step in part])
    return der.integer(part)


def status(value, parts=(ITEM,), text=None, other=None):
    fields = [der.integer(value), der.seq(*[reference(part) for part in parts])]
    if text is not None:
        fields.append(der.utf8(text))
    if isinstance(other, int):
        fields.append(der.integer(other))
    elif other is not None:
        fields.append(other)
    return der.seq(*fields)


def pend_info(token, seconds):
    """pendTime so many seconds after the signingTime that openssl is about to write"""
    at = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
    return der.seq(der.octets(token), der.Node(0x18, at.encode()))


def extended():
    return [der.oid("1.3.6.1.4.1.55555.9"), der.integer(77)]


def response(statuses, nonce=NONCE, transaction=TRANSACTION, kind=25):
    controls = [control(10 + i, kind, item) for i, item in enumerate(statuses)]
    if transaction is not None:
        controls.append(control(20, 5, der.integer(int.from_bytes(transaction, "big"))))
    if nonce is not None:
        controls.append(control(21, 7, der.octets(nonce)))
        controls.append(control(22, 6, der.octets(b"authority-nonce!")))
    return der.seq(der.seq(*controls), der.seq(), der.seq()).encode()


def signed(content, signer="ca", certificates=("device",), digest="sha256"):
    extra = []
    if certificates:
        pems = b"".join(open(os.path.join(here, c + ".pem"), "rb").read() for c in certificates)
        with open(os.path.join(here, "extra.tmp"), "wb") as file:
            file.write(pems)
        extra = ["-certfile", "extra.tmp"]
    made = openssl("cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-econtent_type", PKI_RESPONSE,
                   "-outform", "DER", "-md", digest, "-signer", signer + ".pem", "-inkey", signer + ".key",
                   *extra, data=content)
    if extra:
        os.remove(os.path.join(here, "extra.tmp"))
    return made


def unsigned(content):
    encap = der.seq(der.oid(PKI_RESPONSE), der.explicit(0, der.octets(content)))
    data = der.seq(der.integer(3), der.set_of(), encap, der.set_of())
    return der.seq(der.oid("1.2.840.113549.1.7.2"), der.explicit(0, data)).encode()


def certs_only(*names):
    options = []
    for name in names:
        options += ["-certfile", name + ".pem"]
    return openssl("crl2pkcs7", "-nocrl", "-outform", "DER", *options)


def broken(message):
    return message[:-1] + bytes([message[-1] ^ 1])


def answers():
    failed, pending = 2, 3
    token = b"token-of-the-authority"
    out = {
        "success": signed(response([status(0)])),
        "success-without-status": signed(response([])),
        "success-v1": signed(response([status(0)], kind=1)),
        "success-whole": signed(response([status(0, (0,))])),
        "success-by-cmc-ca": signed(response([status(0)]), signer="cmc-ca"),
        "success-without-transaction": signed(response([status(0)], transaction=None)),
        "success-without-nonce": signed(response([status(0)], nonce=None)),
        "success-wrong-transaction": signed(response([status(0)], transaction=TRANSACTION[::-1])),
        "success-wrong-nonce": signed(response([status(0)], nonce=NEXT_NONCE)),
        "success-without-certificate": signed(response([status(0)]), certificates=()),
        "success-other-key": signed(response([status(0)]), certificates=("other",)),
        "success-other-subject": signed(response([status(0)]), certificates=("renamed",)),
        "success-certificate-of-stranger": signed(response([status(0)]), certificates=("foreign",)),
        "success-by-stranger": signed(response([status(0)]), signer="stranger"),
        "success-by-plain": signed(response([status(0)]), signer="plain"),
        "success-sha1": signed(response([status(0)]), digest="sha1"),
        "success-broken": broken(signed(response([status(0)]))),
        "success-unsigned": unsigned(response([status(0)])),
        "simple": certs_only("device", "ca"),
        "simple-other-key": certs_only("other", "ca"),
        "simple-empty": certs_only(),
        "failed": signed(response([status(failed)])),
        "failed-unsigned": unsigned(response([status(failed, other=9)])),
        "failed-without-echo": signed(response([status(failed, (0,), "Invalid Credential.", 2)], None, None)),
        "failed-wrong-nonce": signed(response([status(failed, other=2)], nonce=NEXT_NONCE)),
        "failed-private": signed(response([status(failed, other=1001)])),
        "failed-extended": signed(response([status(failed, other=der.Node(0xA1, children=extended()))])),
        "failed-extended-5272": signed(response([status(failed, other=der.seq(*extended()))])),
        "failed-path": signed(response([status(failed, ((0, ITEM),), other=10)])),
        "failed-our-control": signed(response([status(failed, (OUR_CONTROL,), "what is this", 2)])),
        "failed-text": signed(response([status(failed, text="line\none\u202e", other=10)])),
        "failed-twice": signed(response([status(failed, text="first", other=5), status(0),
                                         status(failed, text="second", other=10)])),
        "no-support": signed(response([status(4, text="not here")])),
        "pop-required": signed(response([status(6, other=8)])),
        "reserved-status": signed(response([status(1)])),
        "undefined-status": signed(response([status(99)])),
        "pending": signed(response([status(pending, other=pend_info(token, 100))])),
        "pending-long-ago": signed(response([status(pending, other=pend_info(token, -1000))])),
        "pending-without-token": signed(response([status(pending)])),
        "partial-done": signed(response([status(7, (0,), other=pend_info(token, 100))])),
        "confirm-required": signed(response([status(5)])),
        "later-pending": signed(response([status(pending)], NEXT_NONCE), certificates=()),
        "later-success": signed(response([status(0)], NEXT_NONCE)),
        "later-success-by-control": signed(response([status(0, (QUERY_CONTROL,))], NEXT_NONCE)),
        "later-failed": signed(response([status(failed, other=2)], NEXT_NONCE)),
        "confirmed": signed(response([status(0, (0,))], NEXT_NONCE), certificates=()),
        "not-confirmed": signed(response([status(failed, (0,), other=4)], NEXT_NONCE), certificates=()),
        "revoked": signed(response([status(0, (3,))]), certificates=()),
        "not-revoked": signed(response([status(failed, (3,), other=4)]), certificates=()),
    }
    for value in range(14):
        out["failed-%d" % value] = signed(response([status(failed, other=value)]))
    return out


def main():
    authority("ca", "/O=Vectors/CN=Authority")
    authority("stranger", "/O=Vectors/CN=Stranger")
    for name in ("ra", "cmc-ca", "plain", "device", "other"):
        key(name)
        request(name, "/O=Vectors/CN=" + name)
    certificate("ra", "ra", "extendedKeyUsage=1.3.6.1.5.5.7.3.28\nkeyUsage=digitalSignature\n")
    certificate("cmc-ca", "cmc-ca", "extendedKeyUsage=1.3.6.1.5.5.7.3.27\nkeyUsage=digitalSignature\n")
    certificate("plain", "plain", "keyUsage=digitalSignature\n")
    certificate("device", "device")
    certificate("other", "other")
    certificate("foreign", "device", ca="stranger")
    openssl("req", "-new", "-key", "device.key", "-subj", "/O=Vectors/CN=another name", "-outform", "DER",
            "-out", "renamed.p10")
    certificate("renamed", "renamed")
    for name, octets in answers().items():
        with open(os.path.join(here, name + ".der"), "wb") as file:
            file.write(octets)
    for name in ("renamed.p10", "plain.p10", "cmc-ca.p10", "ra.p10", "other.p10", "ca.key", "stranger.key",
                 "cmc-ca.key", "plain.key", "device.key", "other.key"):
        os.remove(os.path.join(here, name))


if __name__ == "__main__":
    main()
