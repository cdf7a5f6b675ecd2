/* What DER looks like from its first few fields: enough to tell the kinds that inspect knows apart,
 * never a judgement. For inspect.c alone. */
#ifndef DRAGOMAN_ADAPTERS_INSPECT_SHAPE_H
#define DRAGOMAN_ADAPTERS_INSPECT_SHAPE_H

#include "mapping/model/bytes.h"

enum inspect_shape {
    SHAPE_PKI_MESSAGE,
    SHAPE_CONTENT_INFO,
    SHAPE_CERTIFICATION_REQUEST,
    SHAPE_CERT_REQ_MESSAGES,
    SHAPE_CERT_REQ_MSG,
    SHAPE_CERTIFICATE,
    SHAPE_CERTIFICATE_LIST,
    SHAPE_CSR_ATTRS,
    SHAPE_UNKNOWN
};
enum inspect_shape inspect_shape(struct bytes octets);

#endif
