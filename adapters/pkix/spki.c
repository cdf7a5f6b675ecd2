#include "adapters/pkix/spki.h"

#include "adapters/pkix/der.h"
#include "adapters/pkix/issued.h"

/* SubjectPublicKeyInfo ::= SEQUENCE {
 *     algorithm        AlgorithmIdentifier,
 *     subjectPublicKey BIT STRING }
 * AlgorithmIdentifier ::= SEQUENCE {
 *     algorithm  OBJECT IDENTIFIER,
 *     parameters ANY DEFINED BY algorithm OPTIONAL } */
bool spki_read(struct bytes tlv, struct spki *out)
{
    struct der info, algorithm, oid, parameters, key;
    *out = (struct spki){0};
    if (!der_only(tlv, DER_SEQUENCE, &info))
        return false;
    struct bytes rest = info.content;
    if (!der_take(&rest, DER_SEQUENCE, &algorithm) || !der_only(rest, DER_BIT_STRING, &key) ||
        !der_bits(key.content, &out->key))
        return false;
    rest = algorithm.content;
    if (!der_take(&rest, DER_OID, &oid))
        return false;
    if (rest.size > 0) {
        if (!der_next(&rest, &parameters) || rest.size > 0)
            return false;
        out->parameters = parameters.whole;
    }
    out->algorithm = algorithm.whole;
    out->oid = oid.whole;
    return true;
}

bool spki_is_sound(struct bytes tlv)
{
    struct spki spki;
    return spki_read(tlv, &spki) && spki.key.size > 0;
}

/* RFC 3279 2.3.1 wants NULL parameters beside an RSA key, but encoders leave them out. */
bool spki_equal(struct bytes a, struct bytes b)
{
    static const char rsa[] = "1.2.840.113549.1.1.1";
    static const uint8_t null[] = {DER_NULL, 0};
    struct spki left, right;
    if (!spki_read(a, &left) || !spki_read(b, &right))
        return false;
    if (bytes_equal(a, b))
        return true;
    for (size_t i = 0; i < 2; i++) {
        struct bytes parameters = i == 0 ? left.parameters : right.parameters;
        if (parameters.size > 0 && !bytes_equal(parameters, bytes_of(null, sizeof(null))))
            return false;
    }
    return der_oid_is(left.oid, rsa) && der_oid_is(right.oid, rsa) &&
           bytes_equal(left.key, right.key);
}
