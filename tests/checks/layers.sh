#!/bin/bash
# The one arrow: gateway -> adapters -> mapping -> mapping/model. An include is written from the
# root and may only name a layer at or below its own; the engine sees no protocol but through
# adapters/adapter.h, and nothing below the gateway does I/O, reads a clock or writes a log.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
complain() {
    echo "$*"
    bad=1
}

includes() { # FOLDER: FILE HEADER for each quoted include
    find "$1" -name '*.[ch]' -print0 | xargs -0 -r grep -HE '^ *# *include +"' |
        sed -E 's/^([^:]+): *# *include +"([^"]+)".*/\1 \2/'
}

while read -r file header; do
    [ -e "$header" ] || complain "$file: \"$header\" is not written from the root"
    case $file in
    mapping/model/*) case $header in mapping/model/*) ;; *) complain "$file: includes $header" ;; esac ;;
    mapping/*) case $header in mapping/*) ;; *) complain "$file: includes $header" ;; esac ;;
    adapters/*) case $header in mapping/* | adapters/*) ;; *) complain "$file: includes $header" ;; esac ;;
    esac
    case $file:$header in
    adapters/cmp/*:adapters/cm[ce]/* | adapters/cmc/*:adapters/cmp/* | adapters/est/*:adapters/cm[cp]/* | \
        adapters/pkix/*:adapters/cm[cp]/* | adapters/pkix/*:adapters/est/*)
        complain "$file: includes $header of another protocol" ;;
    gateway/main.c:* | gateway/cli/*:* | gateway/config/*:*) ;;
    gateway/engine/*:adapters/local/* | gateway/*:adapters/cm[cp]/* | gateway/*:adapters/est/*) complain "$file: includes $header" ;;
    esac
done < <(for layer in mapping adapters gateway; do includes $layer; done)

# No I/O, clock, randomness or log below the gateway
calls='(fopen|open|fread|fwrite|socket|connect|time|gettimeofday|clock_gettime|getenv|printf|fprintf|RAND_bytes|RAND_priv_bytes|rand|random|syslog)'
while read -r line; do
    complain "$line: I/O, clock or randomness below the gateway"
done < <(find mapping adapters -name '*.[ch]' -print0 | xargs -0 grep -nHE "(^|[^a-zA-Z0-9_.>])$calls *\(" |
    grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' | cut -c1-120)
exit $bad
