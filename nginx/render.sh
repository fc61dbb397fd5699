#!/bin/sh
# Writes the configuration to NGINX_DIR: what envsubst does in nginx's own image, on a machine without it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.envsh"

substitute() { # replaces each ${NAME} that is in the environment
    awk '{
        line = ""
        while (match($0, /[$][{][A-Z_]+[}]/)) {
            name = substr($0, RSTART + 2, RLENGTH - 3)
            line = line substr($0, 1, RSTART - 1) (name in ENVIRON ? ENVIRON[name] : substr($0, RSTART, RLENGTH))
            $0 = substr($0, RSTART + RLENGTH)
        }
        print line $0
    }' "$1"
}

cd "$here/templates"
find . -name '*.template' | while read -r template; do
    mkdir -p "$NGINX_DIR/$(dirname "$template")"
    substitute "$template" >"$NGINX_DIR/${template%.template}"
done
