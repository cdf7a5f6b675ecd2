#!/usr/bin/env python3
"""Makes a hostile CMP message from a good one.

mangle.py IN OUT [secret=TEXT | key=FILE] ACTION...

With a secret or a key the message is protected again after the change, so that it differs from
the good one in nothing but the change. Actions, in the order given:

  pvno=N            another version
  time=SECONDS      messageTime moved by that much; time=none leaves it out
  transaction=new   another transactionID; =none leaves it out; =HEX that one
  nonce=new         another senderNonce; =none; =N that many octets
  recip-nonce       a recipNonce, which a first message has not
  sender-kid=TEXT   another senderKID; =none
  sender=CN         another sender
  algorithm=OID     another protectionAlg without parameters (not protected again)
  owf=OID, mac=OID, iterations=N    in PBMParameter
  proof             the proof of possession no longer verifies (CRMF signature or PKCS#10)
  no-proof          no popo in the CertReqMsg
  no-subject        a template without a subject
  request-id=N      another certReqId
  twice             the CertReqMsg twice
  body=N            another body type
  flip              the last bit of the protection, after it was made
  unprotected       no protection at all
  pad=N             N octets in generalInfo
  truncate=N        only the first N octets; negative: all but so many
  append=N          N octets behind the message
"""
import datetime
import hashlib
import hmac
import os
import subprocess
import sys
import tempfile

import der

PBM = "1.2.840.113533.7.66.13"
HASHES = {"1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
          "2.16.840.1.101.3.4.2.3": "sha512", "1.2.840.113549.2.5": "md5"}
MACS = {"1.3.6.1.5.5.8.1.2": "sha1", "1.2.840.113549.2.7": "sha1", "1.2.840.113549.2.9": "sha256",
        "1.2.840.113549.2.10": "sha384", "1.2.840.113549.2.11": "sha512"}
TIME, ALGORITHM, SENDER_KID, TRANSACTION, NONCE, RECIP_NONCE, GENERAL_INFO = 0, 1, 2, 4, 5, 6, 8


class Message:
    def __init__(self, data):
        self.tree = der.parse(data)
        self.tail = lambda octets: octets
        self.flip = False

    @property
    def header(self):
        return self.tree[0]

    @property
    def body(self):
        return self.tree[1]

    def field(self, number):
        """The optional header field [number]; the first three are pvno, sender and recipient."""
        for node in self.header.children[3:]:
            if node.tag == 0xA0 | number:
                return node
        return None

    def set_field(self, number, value):
        rest = [node for node in self.header.children[3:] if node.tag != 0xA0 | number]
        if value is not None:
            rest.append(der.explicit(number, value))
        self.header.children[3:] = sorted(rest, key=lambda node: node.tag)

    def unprotect(self):
        self.tree.children = [node for node in self.tree if node.tag != 0xA0 or node is self.body]

    def protect(self, octets):
        at = next((i for i, node in enumerate(self.tree) if i > 1 and node.tag == 0xA0), None)
        node = der.explicit(0, der.Node(3, b"\0" + octets))
        if at is None:
            self.tree.children.insert(2, node)
        else:
            self.tree[at] = node

    def protected_part(self):
        return der.seq(self.header, self.body).encode()

    def encode(self):
        if self.flip:
            for node in self.tree.children[2:]:
                if node.tag == 0xA0:
                    octets = node[0].body
                    node[0].body = octets[:-1] + bytes([octets[-1] ^ 1])
        return self.tail(self.tree.encode())


def protect_by_secret(message, secret):
    algorithm = message.field(ALGORITHM)[0]
    if der.dotted(algorithm[0]) != PBM:
        raise SystemExit("only PasswordBasedMac can be made again")
    salt, owf, count, mac = algorithm[1]
    name = HASHES[der.dotted(owf[0])]
    key = hashlib.new(name, secret.encode() + salt.body).digest()
    for _ in range(int.from_bytes(count.body, "big") - 1):
        key = hashlib.new(name, key).digest()
    message.protect(hmac.new(key, message.protected_part(), MACS.get(der.dotted(mac[0]), "sha1")).digest())


def protect_by_key(message, path):
    with tempfile.NamedTemporaryFile() as file:
        file.write(message.protected_part())
        file.flush()
        message.protect(subprocess.run(["openssl", "dgst", "-sha256", "-sign", path, file.name],
                                       stdout=subprocess.PIPE, check=True).stdout)


def octets(value):
    if value == "new":
        return der.octets(os.urandom(16))
    if value == "none":
        return None
    return der.octets(os.urandom(int(value)) if len(value) < 4 else bytes.fromhex(value))


def change_time(message, value):
    if value == "none":
        message.set_field(TIME, None)
        return
    text = message.field(TIME)[0].body.decode()
    moment = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ") + datetime.timedelta(seconds=int(value))
    message.set_field(TIME, der.Node(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode()))


def change_parameter(message, which, value):
    parameters = message.field(ALGORITHM)[0][1]
    if which == "iterations":
        parameters[2] = der.integer(int(value))
    else:
        parameters[{"owf": 1, "mac": 3}[which]] = der.seq(der.oid(value), der.null())


def spoil_proof(message):
    if message.body.tag == 0xA4:  # p10cr: the signature of the CertificationRequest
        bits = message.body[0][2]
    else:  # CertReqMsg: popo [1] POPOSigningKey
        bits = message.body[0][0].find(0xA1)[-1]
    # The last octet of an ECDSA signature is part of s; one bit there keeps its DER.
    bits.body = bits.body[:-1] + bytes([bits.body[-1] ^ 1])


def apply(message, action):
    word, _, value = action.partition("=")
    if word == "pvno":
        message.header[0] = der.integer(int(value))
    elif word == "time":
        change_time(message, value)
    elif word == "transaction":
        message.set_field(TRANSACTION, octets(value))
    elif word == "nonce":
        message.set_field(NONCE, octets(value))
    elif word == "recip-nonce":
        message.set_field(RECIP_NONCE, octets("new"))
    elif word == "sender-kid":
        message.set_field(SENDER_KID, None if value == "none" else der.octets(value.encode()))
    elif word == "sender":
        name = der.seq(der.set_of(der.seq(der.oid("2.5.4.3"), der.utf8(value))))
        message.header[1] = der.explicit(4, name)
    elif word == "algorithm":
        message.set_field(ALGORITHM, der.seq(der.oid(value)))
    elif word in ("owf", "mac", "iterations"):
        change_parameter(message, word, value)
    elif word == "proof":
        spoil_proof(message)
    elif word == "no-proof":
        message.body[0][0].children = message.body[0][0].children[:1]
    elif word == "no-subject":
        template = message.body[0][0][0][1]
        template.children = [node for node in template if node.tag != 0xA5]
    elif word == "request-id":
        message.body[0][0][0][0] = der.integer(int(value))
    elif word == "twice":
        message.body[0].children *= 2
    elif word == "body":
        message.body.tag = 0xA0 | int(value)
    elif word == "flip":
        message.flip = True
    elif word == "unprotected":
        message.unprotect()
        message.set_field(ALGORITHM, None)
    elif word == "pad":
        filler = der.seq(der.oid("1.2.3.4"), der.octets(bytes(int(value))))
        message.set_field(GENERAL_INFO, der.seq(filler))
    elif word == "truncate":
        message.tail = lambda data: data[:int(value)]
    elif word == "append":
        message.tail = lambda data: data + bytes(int(value))
    else:
        raise SystemExit("unknown action " + action)


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    with open(arguments[0], "rb") as file:
        message = Message(file.read())
    secret = key = None
    protect = True
    for argument in arguments[2:]:
        word, _, value = argument.partition("=")
        if word == "secret":
            secret = value
        elif word == "key":
            key = value
        else:
            apply(message, argument)
            protect = protect and word not in ("algorithm", "unprotected")
    if protect and secret is not None:
        protect_by_secret(message, secret)
    if protect and key is not None:
        protect_by_key(message, key)
    with open(arguments[1], "wb") as file:
        file.write(message.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
