/* The languages that Dragoman interprets between. LOCAL is the embedded CA: an authority that
 * needs no wire. */
#ifndef DRAGOMAN_MAPPING_MODEL_PROTOCOL_H
#define DRAGOMAN_MAPPING_MODEL_PROTOCOL_H

enum protocol { PROTOCOL_CMP, PROTOCOL_CMC, PROTOCOL_EST, PROTOCOL_LOCAL, PROTOCOL_COUNT };

/* "cmp", "cmc", "est", "local". */
const char *protocol_word(enum protocol protocol);

#endif
