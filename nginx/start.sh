#!/bin/sh
# Renders the configuration, follows the gateways and becomes nginx.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/settings.envsh"
"$here/render.sh"
"$here/follow-gateways.sh"
exec nginx -e stderr -c "$NGINX_DIR/nginx.conf"
