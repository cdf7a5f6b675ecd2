#!/usr/bin/env python3
"""Makes the PKCS#10 vectors here: good ones with the openssl command, and from one of them all that
are refused, each changed in one place."""
import copy
import hashlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from dertree import encode, oid, parse  # noqa: E402

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
C = JP
O = Example
CN = mast-1
[attrs]
challengePassword = not-a-secret
unstructuredName = mast
[exts]
subjectAltName = DNS:mast-1.example, IP:192.0.2.1
keyUsage = critical, digitalSignature
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def save(name, node):
    with open(os.path.join(HERE, name + ".der"), "wb") as file:
        file.write(encode(node))


def make_good(work):
    config = os.path.join(work, "c.cnf")
    with open(config, "w") as file:
        file.write(CONFIG)
    keys = {
        "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        "p192": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime192v1"],
        "k256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        "explicit": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                     "ec_param_enc:explicit"],
        "ed25519": ["-algorithm", "ED25519"],
        "ed448": ["-algorithm", "ED448"],
    }
    for name, arguments in keys.items():
        openssl("genpkey", *arguments, "-out", os.path.join(work, name + ".key"))
    openssl("dsaparam", "-genkey", "-out", os.path.join(work, "dsa.key"), "2048")
    requests = {name: (name, []) for name in list(keys) + ["dsa"]}
    requests["extensions"] = ("p256", ["-reqexts", "exts"])
    requests["attributes"] = ("p256", ["-reqexts", "exts", "-config", config + "a"])
    requests["pss"] = ("rsa2048", ["-sigopt", "rsa_padding_mode:pss", "-sigopt",
                                   "rsa_pss_saltlen:digest"])
    requests["sha1"] = ("rsa2048", ["-sha1"])
    requests["md5"] = ("rsa2048", ["-md5"])
    with open(config + "a", "w") as file:
        file.write(CONFIG.replace("prompt = no", "prompt = no\nattributes = attrs"))
    for name, (key, arguments) in requests.items():
        openssl("req", "-new", "-config", config, "-key", os.path.join(work, key + ".key"),
                "-outform", "DER", "-out", os.path.join(HERE, name + ".der"), *arguments)


def change(good, name, edit):
    node = copy.deepcopy(good)
    edit(node[1])
    save(name, node)


def attribute(dotted, *values):
    return [0x30, [oid(dotted), [0x31, list(values)]]]


def make_changed():
    with open(os.path.join(HERE, "extensions.der"), "rb") as file:
        good = parse(file.read())
    info, algorithm = 0, 1
    version, subject, spki, attributes = range(4)
    extensions = good[1][info][1][attributes][1][0][1][1][1][0]
    request = "1.2.840.113549.1.9.14"
    twin = "1.3.6.1.4.1.311.2.1.14"

    def set_attributes(*list_of):
        return lambda r: r[info][1][attributes].__setitem__(1, list(list_of))

    def in_extensions(edit):
        changed = copy.deepcopy(extensions)
        edit(changed[1])
        return set_attributes(attribute(request, changed))

    # Taken.
    change(good, "no-attributes-field", lambda r: r[info][1].pop(attributes))
    change(good, "microsoft", set_attributes(attribute(twin, extensions)))
    change(good, "both-same", set_attributes(attribute(request, extensions),
                                             attribute(twin, extensions)))
    change(good, "critical-false", in_extensions(
        lambda e: e[0][1].insert(1, [0x01, b"\x00"])))
    sha1 = hashlib.sha1(encode(good[1][info])).digest()
    change(good, "no-signature", lambda r: (
        r[algorithm].__setitem__(1, [oid("1.3.6.1.5.5.7.6.2"), [0x05, b""]]),
        r[2].__setitem__(1, b"\x00" + sha1)))
    change(good, "dh-pop", lambda r: r[algorithm].__setitem__(
        1, [oid("1.3.6.1.5.5.7.6.4"), [0x05, b""]]))
    # Syntax.
    with open(os.path.join(HERE, "trailing.der"), "wb") as file:
        file.write(encode(good) + b"\x00")
    with open(os.path.join(HERE, "truncated.der"), "wb") as file:
        file.write(encode(good)[:-1])
    change(good, "version-1", lambda r: r[info][1][version].__setitem__(1, b"\x01"))
    change(good, "version-missing", lambda r: r[info][1].pop(version))
    change(good, "subject-missing", lambda r: r[info][1].pop(subject))
    change(good, "spki-missing", lambda r: r[info][1].pop(spki))
    change(good, "spki-empty-key", lambda r: r[info][1][spki][1][1].__setitem__(1, b"\x00"))
    change(good, "field-behind-attributes", lambda r: r[info][1].append([0xA1, b"\x05\x00"]))
    change(good, "algorithm-missing", lambda r: r.pop(algorithm))
    change(good, "algorithm-empty", lambda r: r[algorithm].__setitem__(1, []))
    change(good, "signature-missing", lambda r: r.pop())
    change(good, "signature-unused-bits", lambda r: r[2].__setitem__(
        1, b"\x01" + r[2][1][1:-1] + b"\x00"))
    change(good, "field-behind-signature", lambda r: r.append([0x05, b""]))
    change(good, "attribute-without-value", set_attributes(attribute(request)))
    change(good, "attribute-no-oid", set_attributes([0x30, [[0x0C, b"a"], [0x31, [extensions]]]]))
    change(good, "extensions-two-values", set_attributes(
        attribute(request, extensions, extensions)))
    change(good, "extensions-empty", set_attributes(attribute(request, [0x30, []])))
    change(good, "extension-no-value", in_extensions(lambda e: e[0][1].pop()))
    change(good, "extension-boolean-2", in_extensions(
        lambda e: e[1][1][1].__setitem__(1, b"\x02")))
    change(good, "extension-field-behind", in_extensions(lambda e: e[0][1].append([0x05, b""])))
    change(good, "integer-padded", lambda r: r[info][1][version].__setitem__(1, b"\x00\x00"))
    # Template faults.
    change(good, "extensions-twice", set_attributes(attribute(request, extensions),
                                                    attribute(request, extensions)))
    change(good, "extension-repeated", in_extensions(lambda e: e.append(copy.deepcopy(e[0]))))
    other = copy.deepcopy(extensions)
    other[1].pop()
    change(good, "both-different", set_attributes(attribute(request, extensions),
                                                  attribute(twin, other)))
    change(good, "subject-bidi", lambda r: r[info][1][subject][1][2][1][0][1][1].__setitem__(
        1, "mast\u202e1".encode()))
    change(good, "subject-ill-formed", lambda r: r[info][1][subject][1][2][1][0][1][1].__setitem__(
        1, b"mast\xff"))
    change(good, "extensions-65", in_extensions(lambda e: e.__setitem__(slice(None), [
        [0x30, [oid("1.2.3.%d" % i), [0x04, b"\x05\x00"]]] for i in range(65)])))
    change(good, "attributes-129", set_attributes(*[
        attribute("1.2.3.%d" % i, [0x05, b""]) for i in range(129)]))
    # Proofs.
    change(good, "signature-flipped", lambda r: r[2].__setitem__(
        1, r[2][1][:-1] + bytes([r[2][1][-1] ^ 1])))
    change(good, "subject-changed", lambda r: r[info][1][subject][1][2][1][0][1][1].__setitem__(
        1, b"mast-2"))
    change(good, "point-off-curve", lambda r: r[info][1][spki][1][1].__setitem__(
        1, r[info][1][spki][1][1][1][:-1] + bytes([r[info][1][spki][1][1][1][-1] ^ 1])))
    change(good, "point-at-infinity", lambda r: r[info][1][spki][1][1].__setitem__(
        1, b"\x00\x00"))
    change(good, "key-unknown-kind", lambda r: r[info][1][spki][1][0].__setitem__(
        1, [oid("1.2.3.4.5")]))
    with open(os.path.join(HERE, "rsa2048.der"), "rb") as file:
        rsa = parse(file.read())

    def rsa_key(edit):
        def in_request(r):
            key = parse(r[info][1][spki][1][1][1][1:])
            edit(key[1])
            r[info][1][spki][1][1][1] = b"\x00" + encode(key)
        return in_request
    change(rsa, "rsa-even-modulus", rsa_key(lambda k: k[0].__setitem__(
        1, k[0][1][:-1] + bytes([k[0][1][-1] & 0xFE]))))
    change(rsa, "rsa-exponent-1", rsa_key(lambda k: k[1].__setitem__(1, b"\x01")))
    change(rsa, "rsa-exponent-even", rsa_key(lambda k: k[1].__setitem__(1, b"\x01\x00\x00")))
    n = int.from_bytes(rsa_modulus(rsa), "big")
    multiple = n + (3 - n % 3)
    if multiple % 2 == 0:
        multiple += 3
    change(rsa, "rsa-multiple-of-3", rsa_key(lambda k: k[0].__setitem__(
        1, b"\x00" + multiple.to_bytes(256, "big"))))


def rsa_modulus(request):
    return parse(request[1][0][1][2][1][1][1][1:])[1][0][1]


with tempfile.TemporaryDirectory() as directory:
    make_good(directory)
make_changed()
