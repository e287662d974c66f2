#!/bin/sh
# Prints each event of a topic once, a line of JSON each, until it is interrupted:
#   KCAT_CONFIG=kcat.conf ./kcat.sh plant.machine.v1
# More options go to kcat: -e ends at the end of the topic, -o -100 begins 100 records before it.
topic=$1
shift
# Debian's awk reads what comes down a pipe in blocks, unless it is told not to.
case $(awk -W version 2>&1 </dev/null) in mawk*) unbuffered='-W interactive' ;; esac
kcat -C -t "$topic" -o beginning -q -u -f '%k\t%s\n' "$@" |
    awk ${unbuffered-} -F '\t' '
        match($2, /"id":\{[^}]*\}/) && seen[$1, substr($2, RSTART, RLENGTH)]++ { next }
        { print $2; fflush() }'
