"""DER as nested lists, to make vectors that differ from a good one in one place only.

A node is [tag, content]: content is octets, or a list of nodes where the tag is constructed."""


def parse_all(octets):
    nodes = []
    while octets:
        tag, length, at = octets[0], octets[1], 2
        if length > 0x7F:
            at = 2 + (length & 0x7F)
            length = int.from_bytes(octets[2:at], "big")
        content = octets[at : at + length]
        nodes.append([tag, parse_all(content) if tag & 0x20 else content])
        octets = octets[at + length :]
    return nodes


def parse(octets):
    (node,) = parse_all(octets)
    return node


def encode(node):
    if isinstance(node, bytes):
        return node
    tag, content = node
    if isinstance(content, list):
        content = b"".join(encode(child) for child in content)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    out = bytearray()
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        part = [arc & 0x7F]
        while arc := arc >> 7:
            part.insert(0, arc & 0x7F | 0x80)
        out += bytes(part)
    return [0x06, bytes(out)]
