#!/usr/bin/env python3
"""Small helpers to make and mend CMC messages for tests.

cmc.py pkidata FILE...   writes a PKIData whose reqSequence holds these PKCS#10 requests (RFC
                         10002 3.2.1): transactionId and senderNonce, then a tcr for each
cmc.py digest-null       copies a SignedData and puts NULL where a digestAlgorithm has no
                         parameters; no signature covers that field, and Dogtag wants it so
"""
import os
import sys

import der

ID_CMC = "1.3.6.1.5.5.7.7."


def control(number, kind, value):
    return der.seq(der.integer(number), der.oid(ID_CMC + str(kind)), der.set_of(value))


def pkidata(paths):
    controls = [control(1, 5, der.integer(int.from_bytes(os.urandom(8), "big") >> 1)),
                control(2, 6, der.octets(os.urandom(16)))]
    requests = []
    for i, path in enumerate(paths):
        with open(path, "rb") as file:
            request = der.raw(der.pem(file.read()))
        requests.append(der.Node(0xA0, children=[der.integer(3 + i), request]))
    return der.seq(der.seq(*controls), der.seq(*requests), der.seq(), der.seq()).encode()


def digest_null(data):
    info = der.parse(data)
    for signer in info[1][0].children[-1]:
        if len(signer[2]) == 1:
            signer[2].children.append(der.null())
    return info.encode()


def main(arguments):
    if arguments[:1] == ["pkidata"] and len(arguments) > 1:
        out = pkidata(arguments[1:])
    elif arguments == ["digest-null"]:
        out = digest_null(sys.stdin.buffer.read())
    else:
        sys.exit(__doc__)
    sys.stdout.buffer.write(out)


if __name__ == "__main__":
    main(sys.argv[1:])
