"""DER as a tree that can be changed and written again; standard library only.

    node = der.parse(octets)        # strict about lengths, one element, nothing behind it
    node[0][1]                      # the second element inside the first
    node[0][1] = der.integer(5)     # another one in its place
    node.encode()
"""


class Node:
    def __init__(self, tag, body=b"", children=None):
        self.tag = tag
        self.body = body
        self.children = children

    def __getitem__(self, i):
        return self.children[i]

    def __setitem__(self, i, node):
        self.children[i] = node

    def __delitem__(self, i):
        del self.children[i]

    def __len__(self):
        return len(self.children)

    def __iter__(self):
        return iter(self.children)

    def content(self):
        if self.children is None:
            return self.body
        return b"".join(child.encode() for child in self.children)

    def encode(self):
        return tlv(self.tag, self.content())

    def find(self, tag):
        """The first element inside with that tag, or None"""
        for child in self.children or ():
            if child.tag == tag:
                return child
        return None


def tlv(tag, content):
    n = len(content)
    if n < 0x80:
        return bytes([tag, n]) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def header(data, at):
    """tag, offset of the content, offset behind it"""
    tag, n, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F or n == 0x80:
        raise ValueError("high tag or indefinite length at %d" % at)
    if n > 0x80:
        start += n & 0x7F
        n = int.from_bytes(data[at + 2:start], "big")
    if start + n > len(data):
        raise ValueError("truncated at %d" % at)
    return tag, start, start + n


def parse_all(data):
    nodes, at = [], 0
    while at < len(data):
        tag, start, end = header(data, at)
        body = data[start:end]
        nodes.append(Node(tag, children=parse_all(body)) if tag & 0x20 else Node(tag, body))
        at = end
    return nodes


def parse(data):
    nodes = parse_all(data)
    if len(nodes) != 1:
        raise ValueError("%d elements where one was expected" % len(nodes))
    return nodes[0]


def seq(*children):
    return Node(0x30, children=list(children))


def set_of(*children):
    return Node(0x31, children=list(children))


def explicit(n, child):
    return Node(0xA0 | n, children=[child])


def integer(n):
    return Node(2, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def octets(data):
    return Node(4, data)


def utf8(text):
    return Node(12, text.encode())


def null():
    return Node(5)


def raw(data):
    """Octets that are DER already"""
    return parse(data)


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    out = bytearray()
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        group = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            group.append(arc & 0x7F | 0x80)
        out += bytes(reversed(group))
    return Node(6, bytes(out))


def dotted(node):
    arcs, n = [], 0
    for octet in node.body:
        n = n << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(n)
            n = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first] + arcs[1:]))


def pem(data):
    """DER of the first PEM block, or the octets as they are"""
    import base64
    if b"-----BEGIN" not in data:
        return data
    return base64.b64decode(data.split(b"-----")[2])
