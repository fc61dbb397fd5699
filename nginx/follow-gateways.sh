#!/bin/sh
# Writes the addresses of the gateways to the list that nginx includes, and keeps following them in the background:
# where a name has other addresses, nginx reads the list again (docs/decisions/0028). Ends when nginx does.
# Started with the variables of settings.envsh.
set -eu
list=$NGINX_DIR/gateways.list
pid_file=$NGINX_DIR/nginx.pid

servers() {
    for gateway in $NGINX_GATEWAYS; do
        getent ahosts "${gateway%:*}" | awk -v port="${gateway##*:}" \
            '{ print "server " ($1 ~ /:/ ? "[" $1 "]" : $1) ":" port " max_fails=1 fail_timeout=5s;" }'
    done | sort -u
}

write() {
    printf '%s\n' "$1" >"$list.new"
    mv "$list.new" "$list"
}

runs() {
    kill -0 "$(cat "$pid_file" 2>/dev/null)" 2>/dev/null
}

follow() {
    patience=60
    until runs; do
        patience=$((patience - 1))
        [ "$patience" -gt 0 ] || return
        sleep 0.5
    done
    missed=
    while runs; do
        found=$(servers)
        # No address at all is a name server's fault more often than that of every gateway: those known are tried on.
        if [ -z "$found" ]; then
            [ -n "$missed" ] || echo "no gateway has an address: $NGINX_GATEWAYS" >&2
        elif [ "$found" != "$known" ]; then
            write "$found"
            nginx -e stderr -c "$NGINX_DIR/nginx.conf" -s reload && known=$found
        fi
        missed=$([ -n "$found" ] || echo yes)
        sleep "$NGINX_FOLLOW_SECONDS"
    done
}

rm -f "$pid_file"
known=$(servers)
# nginx starts without a gateway, too; until there is one, it answers 502.
write "${known:-server 127.0.0.1:1 down;}"
follow &
