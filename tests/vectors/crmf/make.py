#!/usr/bin/env python3
"""Makes the CRMF vectors here: with the openssl command, with Bouncy Castle (MakeCrmf.java), and
from one of the latter all that are refused, each changed in one place."""
import copy
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from dertree import encode, oid, parse  # noqa: E402

JARS = ":".join("/usr/share/java/%s.jar" % jar for jar in ("bcpkix", "bcprov", "bcutil"))


def save(name, octets):
    with open(os.path.join(HERE, name + ".der"), "wb") as file:
        file.write(octets)


def load(name):
    with open(os.path.join(HERE, name + ".der"), "rb") as file:
        return file.read()


def openssl_cmp(work, name, *arguments):
    """The CertReqMsg inside what the command would send; its own mock server may refuse it."""
    message = os.path.join(work, name)
    subprocess.run(
        ["openssl", "cmp", "-use_mock_srv", "-srv_ref", "x", "-srv_secret", "pass:1234567890123456",
         "-ref", "x", "-secret", "pass:1234567890123456", "-newkey", work + "/new.key",
         "-recipient", "/CN=CA", "-rsp_cert", work + "/old.pem", "-certout", work + "/out.pem",
         "-reqout", message, *arguments], capture_output=True, check=False)
    with open(message, "rb") as file:
        body = parse(file.read())[1][1]
    save(name, encode(body[1][0][1][0]))


def make_with_openssl():
    with tempfile.TemporaryDirectory() as work:
        for key in ("new", "old"):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-keyout", f"{work}/{key}.key", "-out", f"{work}/{key}.pem", "-subj",
                 "/C=JP/O=Example/CN=mast-1"], check=True, capture_output=True)
        ir = ["-cmd", "ir", "-subject", "/C=JP/O=Example/CN=mast-1"]
        openssl_cmp(work, "openssl-signature", *ir, "-popo", "1")
        openssl_cmp(work, "openssl-ra-verified", *ir, "-popo", "0")
        openssl_cmp(work, "openssl-absent", *ir, "-popo", "-1")
        openssl_cmp(work, "openssl-encr-cert", *ir, "-popo", "2")
        openssl_cmp(work, "openssl-full", *ir, "-days", "30", "-sans", "DNS:mast-1.example",
                    "-issuer", "/CN=CA")
        openssl_cmp(work, "openssl-kur", "-cmd", "kur", "-oldcert", work + "/old.pem")


def change(good, name, edit):
    node = copy.deepcopy(good)
    edit(node[1])
    save(name, encode(node))


def control(dotted, value):
    return [0x30, [oid(dotted), value]]


def make_changed():
    good = parse(load("bc-full"))
    request, popo = 0, 1
    number, template, controls = range(3)
    issuer, validity, subject, key, extensions = range(5)

    def fields(edit):
        return lambda m: edit(m[request][1][template][1])

    def set_controls(*list_of):
        return lambda m: m[request][1][controls].__setitem__(1, list(list_of))

    name = good[1][request][1][template][1][issuer][1][0]
    old = control("1.3.6.1.5.5.7.5.1.5", [0x30, [[0xA4, [name]], [0x02, b"\x01"]]])
    # Taken.
    change(good, "version-2", fields(lambda t: t.insert(0, [0x80, b"\x02"])))
    change(good, "not-after-alone", fields(lambda t: t[validity][1].pop(0)))
    change(good, "key-empty", fields(lambda t: t[key][1][1].__setitem__(1, b"\x00")))
    change(good, "old-cert-id", set_controls(old))
    change(good, "encrypted-key", lambda m: m.__setitem__(popo, [0xA2, [[0xA4, [[0x02, b"\x02"]]]]]))
    change(good, "this-message", lambda m: m.__setitem__(popo, [0xA2, [[0x80, b"\x00\x01"]]]))
    change(good, "dh-mac", lambda m: m.__setitem__(popo, [0xA3, [[0x82, b"\x00\x01"]]]))
    # Syntax.
    save("trailing", load("bc-full") + b"\x00")
    save("truncated", load("bc-full")[:-1])
    change(good, "request-missing", lambda m: m.pop(request))
    change(good, "id-missing", lambda m: m[request][1].pop(number))
    change(good, "id-too-large", lambda m: m[request][1][number].__setitem__(1, b"\x01" + bytes(8)))
    change(good, "template-missing", lambda m: m[request][1].__setitem__(
        slice(None), [m[request][1][number]]))
    change(good, "controls-empty", set_controls())
    change(good, "control-no-value", set_controls([0x30, [oid("1.2.3")]]))
    change(good, "control-two-values", set_controls([0x30, [oid("1.2.3"), [5, b""], [5, b""]]]))
    change(good, "field-behind-controls", lambda m: m[request][1].append([0x05, b""]))
    change(good, "reg-info-empty", lambda m: m.append([0x30, []]))
    change(good, "field-behind-reg-info", lambda m: m.extend(
        [[0x30, [control("1.2.3", [0x05, b""])]], [0x05, b""]]))
    change(good, "field-twice", fields(lambda t: t.insert(subject, copy.deepcopy(t[subject]))))
    change(good, "field-out-of-order", fields(lambda t: t.insert(0, t.pop(subject))))
    change(good, "field-unknown", fields(lambda t: t.append([0xAA, [[0x05, b""]]])))
    change(good, "validity-empty", fields(lambda t: t[validity].__setitem__(1, [])))
    change(good, "validity-no-time", fields(
        lambda t: t[validity][1][0].__setitem__(1, [[0x05, b""]])))
    change(good, "subject-implicit", fields(
        lambda t: t[subject].__setitem__(1, t[subject][1][0][1])))
    change(good, "key-no-bits", fields(lambda t: t[key][1].pop()))
    change(good, "extensions-empty", fields(lambda t: t[extensions].__setitem__(1, [])))
    change(good, "popo-unknown", lambda m: m.__setitem__(popo, [0x84, b""]))
    change(good, "ra-verified-content", lambda m: m.__setitem__(popo, [0x80, b"\x00"]))
    change(good, "signature-no-bits", lambda m: m[popo][1].pop())
    change(good, "subsequent-2", lambda m: m.__setitem__(popo, [0xA2, [[0x81, b"\x02"]]]))
    change(good, "private-key-unknown", lambda m: m.__setitem__(popo, [0xA2, [[0x85, b""]]]))
    change(good, "private-key-two", lambda m: m.__setitem__(
        popo, [0xA2, [[0x81, b"\x00"], [0x81, b"\x00"]]]))
    change(good, "subject-ill-formed", fields(
        lambda t: t[subject][1][0][1][2][1][0][1][1].__setitem__(1, b"mast\xff")))
    # Template faults.
    change(good, "version-1", fields(lambda t: t.insert(0, [0x80, b"\x01"])))
    change(good, "serial-number", fields(lambda t: t.insert(0, [0x81, b"\x01"])))
    change(good, "signing-alg", fields(lambda t: t.insert(0, [0xA2, [oid("1.2.3")]])))
    change(good, "issuer-uid", fields(lambda t: t.insert(extensions, [0x87, b"\x00\x01"])))
    change(good, "subject-uid", fields(lambda t: t.insert(extensions, [0x88, b"\x00\x01"])))
    change(good, "validity-backwards", fields(lambda t: t[validity].__setitem__(1, [
        [0xA0, t[validity][1][1][1]], [0xA1, t[validity][1][0][1]]])))
    change(good, "extension-repeated", fields(lambda t: t[extensions][1].append(
        copy.deepcopy(t[extensions][1][0]))))
    change(good, "old-cert-id-twice", set_controls(old, old))
    change(good, "subject-bidi", fields(lambda t: t[subject][1][0][1][2][1][0][1][1].__setitem__(
        slice(None), [0x0C, "mast\u202e1".encode()])))
    change(good, "old-cert-id-dns", set_controls(control("1.3.6.1.5.5.7.5.1.5", [
        0x30, [[0x82, b"ca.example"], [0x02, b"\x01"]]])))
    change(good, "controls-129", set_controls(*[control("1.2.3.%d" % i, [0x05, b""])
                                                for i in range(129)]))
    # Proofs.
    signed = parse(load("bc-signature"))
    change(signed, "signature-flipped", lambda m: m[popo][1][1].__setitem__(
        1, m[popo][1][1][1][:-1] + bytes([m[popo][1][1][1][-1] ^ 1])))
    change(signed, "id-changed", lambda m: m[request][1][number].__setitem__(1, b"\x08"))
    change(signed, "signed-without-subject", lambda m: m[request][1][template][1].pop(0))
    change(signed, "signed-without-key", lambda m: m[request][1][template][1].pop(1))
    sender = parse(load("bc-sender"))
    subject_field = signed[1][request][1][template][1][0]
    change(sender, "sender-beside-subject", lambda m: m[request][1][template][1].insert(
        0, copy.deepcopy(subject_field)))
    other_key = copy.deepcopy(sender[1][popo][1][0][1][1][1][1][1])
    change(sender, "sender-other-key", lambda m: m[popo][1][0][1][1][1][1].__setitem__(
        1, other_key[:-1] + bytes([other_key[-1] ^ 1])))
    mac = parse(load("bc-mac"))
    change(mac, "mac-flipped", lambda m: m[popo][1][0][1][0][1][1].__setitem__(
        1, m[popo][1][0][1][0][1][1][1][:-1] + b"\x00"))
    change(parse(load("bc-ra-verified")), "ra-verified-without-key",
           lambda m: m[request][1][template][1].pop(1))


make_with_openssl()
subprocess.run(["java", "-cp", JARS, os.path.join(HERE, "MakeCrmf.java"), HERE], check=True)
make_changed()
